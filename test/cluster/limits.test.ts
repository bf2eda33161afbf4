import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { imageStreamImports, imageStreams } from '../../src/api/resources.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import {
  administer,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(900_000);
const namespace = 'limits';
const { store, client, kubectl, kubectlWith } = administer(inject('kubeconfig'));
const get = (name: string): Promise<Stored<ImageStream> | undefined> =>
  store.get(imageStreams, { namespace, name }, signal);
const maxBytes = 2 ** 20;

const crd = 'imagestreams.image.openshift.io';
/** Fields that a newer version of the CRD may have: in the spec, in its tags and in the status of each version. */
const futureFields = (): readonly string[] => {
  type Crd = { readonly spec: { readonly versions: readonly object[] } };
  const { versions } = (JSON.parse(kubectl('get', 'crd', crd, '-o', 'json')) as Crd).spec;
  return versions.flatMap((_version, index) =>
    ['spec/properties', 'spec/properties/tags/items/properties', 'status/properties'].map(
      (place) => `/spec/versions/${index}/schema/openAPIV3Schema/properties/${place}/future`,
    ),
  );
};
const patchCrd = (operations: readonly object[]): string =>
  kubectl('patch', 'crd', crd, '--type=json', '-p', JSON.stringify(operations));

describe('a controller', () => {
  let registry: FakeRegistry;
  let account: ReturnType<typeof install>;
  let running: RunningController;

  beforeAll(async () => {
    registry = await startFakeRegistry();
    account = install(inject('kubeconfig'));
    // Before anything watches: a watch goes on for a while with the schema under which it was opened.
    patchCrd(futureFields().map((path) => ({ op: 'add', path, value: { type: 'string' } })));
    await ensureNamespace(store, namespace, signal);
    running = await startController(account.kubeconfig, ['--max-tags-per-repository', '0']);
  });
  afterAll(async () => {
    await running?.stop();
    await registry?.stop();
    patchCrd(futureFields().map((path) => ({ op: 'remove', path })));
    account?.remove();
    await client.close();
  });

  const add = (name: string): string => {
    const image = anImage({ name });
    registry.add(`team/${name}`, image, 'main');
    return image.manifest.digest;
  };
  const create = (name: string, repository = name) =>
    store.create(
      imageStreams,
      streamOf({ namespace, name }, `${registry.host}/team/${repository}:main`),
      {},
      signal,
    );
  const imported = (name: string, digest: string): Promise<void> =>
    eventually(async () => digestsOf(await get(name))[0] === digest, `the import of ${name}`);

  it('keeps a stream below what etcd takes, says that there is no room, and goes on', async () => {
    const image = anImage({ name: 'many' });
    const suffix = 'x'.repeat(100);
    const repository = `team/many/${'long'.repeat(45)}`;
    for (let index = 0; index < 2200; index += 1)
      registry.add(repository, image, `v${String(index).padStart(4, '0')}-${suffix}`);
    const stream: ImageStream = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStream',
      metadata: { namespace, name: 'many', annotations: { 'openshift.io/image.insecureRepository': 'true' } },
      spec: { dockerImageRepository: `${registry.host}/${repository}` },
    };
    await store.create(imageStreams, stream, {}, signal);
    const reasons = async (): Promise<readonly (string | undefined)[]> =>
      ((await get('many'))?.status?.conditions ?? []).map(({ reason }) => reason);
    await eventually(async () => (await reasons()).includes('TooManyTags'), 'the condition', 50_000);
    const full = await get('many');
    const bytes = Buffer.byteLength(JSON.stringify(full));
    expect(bytes).toBeLessThanOrEqual(maxBytes);
    expect(bytes).toBeGreaterThan(maxBytes * 0.9);
    expect(full?.status?.tags?.length).toBeLessThan(2200);
    // It can still be written by others.
    kubectl('label', '-n', namespace, 'is/many', 'touched=yes');
    const digest = add('beside');
    await create('beside');
    await imported('beside', digest);
    expect(running.log().filter(({ level }) => level >= 50)).toEqual([]);
  });

  it('works with manifests whose fields nobody knows: they are pruned, or refused by those who check', async () => {
    const digest = add('odd');
    const odd = streamOf({ namespace, name: 'odd' }, `${registry.host}/team/odd:main`);
    const tags = (odd.spec?.tags ?? []).map((tag) => ({ ...tag, tagFuture: 1 }));
    const text = JSON.stringify({ ...odd, spec: { ...odd.spec, tags, specFuture: { a: 1 } } });
    expect(() => kubectlWith(text, 'apply', '-f', '-')).toThrow('spec.specFuture');
    kubectlWith(text, 'apply', '--validate=false', '-f', '-');
    await imported('odd', digest);
    expect(JSON.stringify(await get('odd'))).not.toMatch(/"(?:spec|tag)Future":/);
  });

  it('leaves alone the fields of newer CRDs that it does not know', async () => {
    const digest = add('newer');
    const newer = streamOf({ namespace, name: 'newer' }, `${registry.host}/team/newer:main`);
    const tags = (newer.spec?.tags ?? []).map((tag) => ({ ...tag, future: 'of the tag' }));
    const text = JSON.stringify({ ...newer, spec: { ...newer.spec, tags, future: 'of the spec' } });
    // The API server takes a moment to serve the new schema.
    await eventually(() => {
      kubectlWith(text, 'apply', '--validate=false', '-f', '-');
      return JSON.stringify(
        JSON.parse(kubectl('get', '-n', namespace, 'is/newer', '-o', 'json')) as object,
      ).includes('"future":"of the tag"');
    }, 'the new schema');
    await imported('newer', digest);
    const status = JSON.stringify({ status: { future: 'of the status' } });
    kubectl('patch', '-n', namespace, 'is/newer', '--subresource=status', '--type=merge', '-p', status);
    // An import that writes the spec, and one that writes the status.
    const request = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { namespace, name: 'newer' },
      spec: {
        import: true,
        stream: 'newer',
        images: [
          {
            from: { kind: 'DockerImage', name: `${registry.host}/team/newer:main` },
            to: { name: 'second' },
            importPolicy: { insecure: true },
          },
        ],
      },
    };
    await store.create(imageStreamImports, request, {}, signal);
    await eventually(async () => digestsOf(await get('newer'), 'second')[0] === digest, 'the request');
    const moved = add('newer');
    registry.add('team/newer', anImage({ name: 'moved' }), 'main');
    kubectl(
      'annotate',
      '-n',
      namespace,
      'is/newer',
      `imagestreams.dev/import-requested-at=${new Date().toISOString()}`,
    );
    await eventually(async () => digestsOf(await get('newer'))[0] !== moved, 'the move');
    expect(await get('newer')).toMatchObject({
      spec: { future: 'of the spec', tags: [{ name: 'main', future: 'of the tag' }, { name: 'second' }] },
      status: { future: 'of the status' },
    });
  });

  it('says of a tag that its image may not be stored, and goes on with the others', async () => {
    const known = add('known');
    await create('known');
    await imported('known', known);
    type Role = {
      readonly rules: readonly { readonly resources: readonly string[]; readonly verbs: readonly string[] }[];
    };
    const role = 'imagestreams-images';
    const { rules } = JSON.parse(kubectl('get', 'clusterrole', role, '-o', 'json')) as Role;
    const write = (value: Role['rules']): string =>
      kubectl(
        'patch',
        'clusterrole',
        role,
        '--type=json',
        '-p',
        JSON.stringify([{ op: 'replace', path: '/rules', value }]),
      );
    write(rules.map((rule) => ({ ...rule, verbs: rule.verbs.filter((verb) => verb !== 'create') })));
    const digest = add('unstored');
    try {
      await eventually(
        () =>
          kubectl('auth', 'can-i', '--list', '--as=system:serviceaccount:imagestreams:imagestreams')
            .split('\n')
            .some((line) => line.startsWith('images.image.openshift.io') && !line.includes('create')),
        'the smaller role',
      );
      await create('unstored');
      const condition = async () => (await get('unstored'))?.status?.tags?.[0]?.conditions?.[0];
      await eventually(async () => (await condition()) !== undefined, 'the condition');
      expect(await condition()).toMatchObject({
        type: 'ImportSuccess',
        status: 'False',
        reason: 'Forbidden',
        message: expect.stringMatching(/^the image cannot be stored: .*cannot create resource "images"/),
      });
      expect(digestsOf(await get('unstored'))).toEqual([]);
      await create('again', 'known');
      await imported('again', known);
    } finally {
      write(rules);
    }
    kubectl(
      'annotate',
      '-n',
      namespace,
      'is/unstored',
      `imagestreams.dev/import-requested-at=${new Date().toISOString()}`,
    );
    await imported('unstored', digest);
  });
});
