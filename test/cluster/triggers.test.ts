import { execFileSync } from 'node:child_process';
import { resolve } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { stringify } from 'yaml';
import { cronJobs, type Deployment, daemonSets, deployments, statefulSets } from '../../src/api/core.ts';
import type { ImageStream, TagEvent } from '../../src/api/image-stream.ts';
import type { KubernetesObject, ManagedFieldsEntry, Stored } from '../../src/api/meta.ts';
import type { Resource } from '../../src/api/resource.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { createClusterWorkloads } from '../../src/kube/workloads.ts';
import { isStoreError } from '../../src/store/errors.ts';
import {
  administer,
  ensureNamespace,
  eventually,
  install,
  type RunningController,
  startController,
} from './harness.ts';

const signal = AbortSignal.timeout(900_000);
const namespace = 'triggers';
const { store, kubectl, client } = administer(inject('kubeconfig'));
const workloads = createClusterWorkloads(client);
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;
const imageRef = (letter: string): string => `quay.io/demo/app@${digest(letter)}`;

const itemOf = (letter: string, revision: number): TagEvent => ({
  created: '2026-01-01T00:00:00Z',
  dockerImageReference: imageRef(letter),
  image: digest(letter),
  generation: 1,
  revision,
});

/** Has the tag `latest` of a stream point at an image, as an import would. */
const moveTag = async (name: string, letter: string): Promise<void> => {
  const key = { namespace, name };
  for (;;) {
    const stream =
      (await store.get(imageStreams, key, signal)) ??
      (await store.create(
        imageStreams,
        { apiVersion: 'image.openshift.io/v1', kind: 'ImageStream', metadata: key, spec: {} },
        {},
        signal,
      ));
    const items = stream.status?.tags?.[0]?.items ?? [];
    const status = {
      ...stream.status,
      tags: [{ tag: 'latest', items: [itemOf(letter, items.length + 1), ...items] }],
    };
    try {
      await store.updateStatus(imageStreams, { ...stream, status } as ImageStream, {}, signal);
      return;
    } catch (error) {
      if (!isStoreError(error, 'conflict')) throw error;
    }
  }
};

type Trigger = { readonly stream: string; readonly path: string };

const annotation = (triggers: readonly Trigger[]): Record<string, string> => ({
  'image.openshift.io/triggers': JSON.stringify(
    triggers.map(({ stream, path }) => ({
      from: { kind: 'ImageStreamTag', name: `${stream}:latest` },
      fieldPath: path,
    })),
  ),
});

const podTemplate = (app: string, image: string | undefined, more = {}) => ({
  metadata: { labels: { app } },
  spec: {
    initContainers: [{ name: 'migrate', image: 'registry.example/migrate:1' }],
    containers: [
      { name: 'side', image: 'registry.example/side:1' },
      { name: 'web', ...(image === undefined ? {} : { image }), ...more },
    ],
  },
});

const web = 'containers[?(@.name=="web")].image';

/** A Deployment as it stands in Git. */
const inGit = (name: string, image: string | undefined, replicas = 1) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: {
    name,
    namespace,
    annotations: annotation([{ stream: name, path: `spec.template.spec.${web}` }]),
  },
  spec: {
    replicas,
    selector: { matchLabels: { app: name } },
    template: podTemplate(name, image, { env: [{ name: 'LEVEL', value: 'info' }] }),
  },
});

/** What GitOps does: applies a manifest, as `manager`. */
const apply = (manifest: object, ...args: readonly string[]): string =>
  execFileSync('kubectl', [`--kubeconfig=${inject('kubeconfig')}`, 'apply', ...args, '-f', '-'], {
    encoding: 'utf8',
    input: stringify(manifest),
    stdio: 'pipe',
  });
const serverSide = (manager: string) => ['--server-side', '--force-conflicts', `--field-manager=${manager}`];

const getDeployment = async (name: string): Promise<Stored<Deployment>> => {
  const found = await store.get(deployments, { namespace, name }, signal);
  if (found === undefined) throw new Error(`${name} is not there`);
  return found;
};
const imageOf = async (name: string): Promise<string | undefined> =>
  (await getDeployment(name)).spec?.template.spec?.containers.find((one) => one.name === 'web')?.image;
const follows = (name: string, letter: string): Promise<void> =>
  eventually(async () => (await imageOf(name)) === imageRef(letter), `${name} at ${letter}`);
const blockedEvents = (name: string): string =>
  kubectl(
    'get',
    'events.events.k8s.io',
    '-n',
    namespace,
    '-o',
    'jsonpath={range .items[*]}{.regarding.name}/{.reason}: {.note}{"\\n"}{end}',
  )
    .split('\n')
    .filter((line) => line.startsWith(`${name}/Blocked`))
    .join('\n');

let account: ReturnType<typeof install>;
let running: RunningController;

beforeAll(async () => {
  account = install(inject('kubeconfig'));
  await ensureNamespace(store, namespace, signal);
  running = await startController(account.kubeconfig, ['--triggers-per-minute', '0']);
});
afterAll(async () => {
  await running?.stop();
  account?.remove();
  await client.close();
});

describe('triggers on workloads', () => {
  const kinds: readonly { readonly resource: Resource; readonly base: string; readonly spec: object }[] = [
    {
      resource: statefulSets,
      base: 'spec.template.spec',
      spec: {
        serviceName: 'x',
        selector: { matchLabels: { app: 'all' } },
        template: podTemplate('all', 'none'),
      },
    },
    {
      resource: daemonSets,
      base: 'spec.template.spec',
      spec: { selector: { matchLabels: { app: 'all' } }, template: podTemplate('all', 'none') },
    },
    {
      resource: cronJobs,
      base: 'spec.jobTemplate.spec.template.spec',
      spec: {
        schedule: '0 0 * * *',
        jobTemplate: {
          spec: {
            template: {
              ...podTemplate('all', 'none'),
              spec: { ...podTemplate('all', 'none').spec, restartPolicy: 'Never' },
            },
          },
        },
      },
    },
  ];

  it.each(kinds.map((kind) => [kind.resource.kind, kind] as const))(
    'sets the images of a %s by name and by index, and owns nothing else of it',
    async (_name, { resource, base, spec }) => {
      await moveTag('all', 'a');
      const paths = [`${base}.${web}`, `${base}.containers[0].image`, `${base}.initContainers[0].image`];
      const object = {
        apiVersion: `${resource.group}/${resource.version}`,
        kind: resource.kind,
        metadata: {
          name: 'all',
          namespace,
          annotations: annotation(paths.map((path) => ({ stream: 'all', path }))),
        },
        spec,
      };
      apply(object, '--server-side', '--field-manager=somebody');
      const images = async (): Promise<string> =>
        JSON.stringify(await store.get(resource, { namespace, name: 'all' }, signal)).replaceAll(
          imageRef('a'),
          'FOLLOWED',
        );
      await eventually(async () => (await images()).split('"image":"FOLLOWED"').length === 4, 'the patch');
      const key = { namespace, name: 'all' };
      const fields = (await workloads.managedFields(resource, key, signal)).filter(
        ({ manager }: ManagedFieldsEntry) => manager === 'imagestreams',
      );
      expect(fields).toHaveLength(1);
      const image = { 'f:image': {} };
      const owned = base
        .split('.')
        .toReversed()
        .reduce<object>((inner, field) => ({ [`f:${field}`]: inner }), {
          'f:containers': { 'k:{"name":"side"}': image, 'k:{"name":"web"}': image },
          'f:initContainers': { 'k:{"name":"migrate"}': image },
        });
      expect(fields[0]).toMatchObject({ operation: 'Update' });
      expect(fields[0]?.fieldsV1).toEqual({
        'f:metadata': {
          'f:annotations': {
            'f:imagestreams.dev/triggered-revisions': {},
            'f:kubernetes.io/change-cause': {},
          },
        },
        ...owned,
      });
    },
  );

  it.each(kinds.map((kind) => [kind.resource.kind, kind] as const))(
    'leaves a %s alone that another program keeps setting back, and says which',
    async (_name, { resource, base, spec }) => {
      const name = `back-${resource.plural}`;
      await moveTag(name, 'a');
      const object = {
        apiVersion: `${resource.group}/${resource.version}`,
        kind: resource.kind,
        metadata: { name, namespace, annotations: annotation([{ stream: name, path: `${base}.${web}` }]) },
        spec,
      };
      const current = () => store.get(resource, { namespace, name }, signal);
      const followed = async (): Promise<boolean> => JSON.stringify(await current()).includes(imageRef('a'));
      for (let round = 0; round < 2; round += 1) {
        apply(object, ...serverSide('kustomize-controller'));
        await eventually(followed, 'the patch');
      }
      apply(object, ...serverSide('kustomize-controller'));
      await eventually(() => blockedEvents(name).includes('Flux'), 'the Event');
      const left = await current();
      await moveTag(name, 'b');
      await eventually(() => blockedEvents(name).includes('revision 2'), 'the Event of the new revision');
      expect((await current())?.metadata.generation).toBe(left?.metadata.generation);
      expect(JSON.stringify(await current())).not.toContain(imageRef('b'));
    },
  );
});

describe('a Deployment that GitOps applies with its image', () => {
  it.each([
    { manager: 'argocd-controller', name: 'argo', who: 'Argo CD (field manager argocd-controller)' },
    { manager: 'kustomize-controller', name: 'flux', who: 'Flux (field manager kustomize-controller)' },
  ])(
    'drifts with a server-side apply by $manager: it is rolled out once more, then left alone',
    async ({ manager, name, who }) => {
      await moveTag(name, 'a');
      apply(inGit(name, 'registry.example/web:1'), ...serverSide(manager));
      await follows(name, 'a');
      apply(inGit(name, 'registry.example/web:1'), ...serverSide(manager));
      await follows(name, 'a');
      apply(inGit(name, 'registry.example/web:1'), ...serverSide(manager));
      await eventually(() => blockedEvents(name).includes(who), 'the Event');
      const { generation } = (await getDeployment(name)).metadata;
      await running.stop('SIGKILL');
      running = await startController(account.kubeconfig, ['--triggers-per-minute', '0']);
      await moveTag(name, 'b');
      for (let round = 0; round < 10; round += 1)
        apply(inGit(name, 'registry.example/web:1'), ...serverSide(manager));
      await eventually(() => blockedEvents(name).includes('revision 2'), 'the Event of the new revision');
      expect(await imageOf(name)).toBe('registry.example/web:1');
      // Nothing of it was written since, not even an annotation, which counts for Deployments, too.
      expect((await getDeployment(name)).metadata.generation).toBe(generation);

      kubectl('annotate', '-n', namespace, `deployment/${name}`, 'imagestreams.dev/trigger-blocked-');
      await follows(name, 'b');
    },
  );

  it('drifts with a client-side apply as well', async () => {
    await moveTag('client', 'a');
    for (let round = 0; round < 2; round += 1) {
      apply(inGit('client', 'registry.example/web:1'));
      await follows('client', 'a');
    }
    apply(inGit('client', 'registry.example/web:1'));
    await eventually(() => blockedEvents('client').includes('kubectl apply'), 'the Event');
  });

  it('is refused where the apply does not force conflicts, which names us', async () => {
    await moveTag('polite', 'a');
    apply(inGit('polite', 'registry.example/web:1'), '--server-side', '--field-manager=other');
    await follows('polite', 'a');
    expect(() =>
      apply(inGit('polite', 'registry.example/web:2'), '--server-side', '--field-manager=other'),
    ).toThrow(/conflict with "imagestreams"/);
  });
});

describe('a Deployment whose image GitOps leaves alone', () => {
  it('does not drift where the manifest is applied without the image once the Deployment is there', async () => {
    await moveTag('bare', 'a');
    apply(inGit('bare', 'registry.example/web:1'), ...serverSide('kustomize-controller'));
    await follows('bare', 'a');
    for (let round = 1; round <= 3; round += 1)
      apply(inGit('bare', undefined, round), ...serverSide('kustomize-controller'));
    expect((await getDeployment('bare')).spec).toMatchObject({ replicas: 3 });
    await moveTag('bare', 'b');
    await follows('bare', 'b');
    expect(blockedEvents('bare')).toBe('');
  });

  it('does not drift where the image that is live is applied, as RespectIgnoreDifferences has it', async () => {
    await moveTag('respect', 'a');
    apply(inGit('respect', 'registry.example/web:1'), ...serverSide('argocd-controller'));
    await follows('respect', 'a');
    for (const letter of ['b', 'c']) {
      apply(inGit('respect', await imageOf('respect')), ...serverSide('argocd-controller'));
      await moveTag('respect', letter);
      await follows('respect', letter);
    }
    expect(blockedEvents('respect')).toBe('');
  });

  it('cannot be made without an image', () => {
    expect(() => apply(inGit('none', undefined), ...serverSide('kustomize-controller'))).toThrow(
      /image: Required value/,
    );
  });
});

describe('triggers on builds', () => {
  const started = (plural: string): readonly KubernetesObject[] =>
    (
      JSON.parse(kubectl('get', plural, '-n', namespace, '-o', 'json')) as {
        readonly items: readonly KubernetesObject[];
      }
    ).items;

  it('start BuildRuns and PipelineRuns, of kinds that are installed while we run', async () => {
    kubectl('apply', '--server-side', '-f', resolve(import.meta.dirname, '../fixtures/build-crds.yaml'));
    kubectl('wait', 'crd', '--all', '--for=condition=Established', '--timeout=30s');
    await moveTag('base', 'a');
    const triggers = JSON.stringify([{ from: { kind: 'ImageStreamTag', name: 'base:latest' } }]);
    apply({
      apiVersion: 'shipwright.io/v1beta1',
      kind: 'Build',
      metadata: { name: 'image', namespace, annotations: { 'image.openshift.io/triggers': triggers } },
      spec: {
        strategy: { name: 'buildah', kind: 'ClusterBuildStrategy' },
        output: { image: 'registry.example/x' },
      },
    });
    apply({
      apiVersion: 'tekton.dev/v1',
      kind: 'Pipeline',
      metadata: {
        name: 'release',
        namespace,
        annotations: {
          'image.openshift.io/triggers': triggers,
          'imagestreams.dev/run-template': JSON.stringify({
            spec: { params: [{ name: 'base', value: '$(trigger.image)' }] },
          }),
        },
      },
      spec: { tasks: [] },
    });
    for (const object of ['build.shipwright.io/image', 'pipeline.tekton.dev/release'])
      await eventually(
        () => kubectl('get', object, '-n', namespace, '-o', 'yaml').includes('triggered-revisions'),
        `the first look at ${object}`,
        60_000,
      );
    expect([...started('buildruns'), ...started('pipelineruns')]).toEqual([]);

    await moveTag('base', 'b');
    await eventually(() => started('buildruns').length === 1, 'the BuildRun');
    await eventually(() => started('pipelineruns').length === 1, 'the PipelineRun');
    expect(started('buildruns')).toMatchObject([{ spec: { build: { name: 'image' } } }]);
    expect(started('pipelineruns')).toMatchObject([
      { spec: { pipelineRef: { name: 'release' }, params: [{ name: 'base', value: imageRef('b') }] } },
    ]);

    // A crash before the record was written: the run is found there.
    await running.stop('SIGKILL');
    const before = JSON.stringify({ 'triggers/base:latest': JSON.parse(recordOf())['triggers/base:latest'] });
    const old = before.replace('"revision":2', '"revision":1');
    expect(old).not.toBe(before);
    kubectl(
      'annotate',
      '--overwrite',
      '-n',
      namespace,
      'build.shipwright.io/image',
      `imagestreams.dev/triggered-revisions=${old}`,
    );
    running = await startController(account.kubeconfig, ['--triggers-per-minute', '0']);
    await eventually(() => recordOf().includes('"revision":2'), 'the record', 60_000);
    expect(started('buildruns')).toHaveLength(1);
  });

  const recordOf = (): string =>
    kubectl(
      'get',
      'build.shipwright.io/image',
      '-n',
      namespace,
      '-o',
      'jsonpath={.metadata.annotations.imagestreams\\.dev/triggered-revisions}',
    );
});
