import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { deployments, secrets } from '../../src/api/core.ts';
import type { ImageStream } from '../../src/api/image-stream.ts';
import type { Stored } from '../../src/api/meta.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { isStoreError } from '../../src/store/errors.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import {
  type AuditEvent,
  administer,
  auditSince,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  isOurWrite,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(900_000);
const namespace = 'bad';
const admin = administer(inject('kubeconfig'));
const { store, kubectl } = admin;
const auditLength = (): number => readFileSync(inject('auditLog'), 'utf8').length;

const get = (name: string): Promise<Stored<ImageStream> | undefined> =>
  store.get(imageStreams, { namespace, name }, signal);

describe('a controller', () => {
  let registry: FakeRegistry;
  let account: ReturnType<typeof install>;
  let running: RunningController;
  /** Where these tests begin in the audit log: others take rights away, too. */
  let start = 0;

  beforeAll(async () => {
    start = auditLength();
    registry = await startFakeRegistry();
    account = install(inject('kubeconfig'));
    await ensureNamespace(store, namespace, signal);
    running = await startController(account.kubeconfig);
  });
  afterAll(async () => {
    await running?.stop('SIGKILL');
    await registry?.stop();
    account?.remove();
    await admin.client.close();
  });

  const add = (name: string): string => {
    const image = anImage({ name });
    registry.add(`team/${name}`, image, 'main');
    return image.manifest.digest;
  };
  const create = (name: string, more: Parameters<typeof streamOf>[2] = {}) => {
    const digest = add(name);
    const stream = streamOf({ namespace, name }, `${registry.host}/team/${name}:main`, more);
    return store.create(imageStreams, stream, {}, signal).then(() => digest);
  };
  const imported = (name: string): Promise<void> =>
    eventually(async () => digestsOf(await get(name)).length > 0, `the import of ${name}`);
  /** Holds the answers for one repository back until the returned function is called. */
  const hold = (repository: string): (() => void) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    const unhook = registry.intercept(({ path }) =>
      path.includes(`${repository}/manifests`) ? { kind: 'wait', until: promise } : undefined,
    );
    return () => {
      unhook();
      resolve();
    };
  };
  const asked = (repository: string): Promise<void> =>
    eventually(
      () => registry.requests.some(({ path }) => path.includes(`${repository}/manifests`)),
      `a request for ${repository}`,
    );

  it('records an import on top of what others write meanwhile', async () => {
    const release = hold('team/contended');
    const digest = await create('contended');
    await asked('team/contended');
    let isOver = false;
    const fight = async (): Promise<void> => {
      for (let round = 0; !isOver; round += 1) {
        const current = await get('contended');
        if (current === undefined) return;
        const labels = { round: String(round) };
        await store
          .update(imageStreams, { ...current, metadata: { ...current.metadata, labels } }, {}, signal)
          .catch((error: unknown) => {
            if (!isStoreError(error, 'conflict')) throw error;
          });
      }
    };
    const fighting = Promise.all([fight(), fight()]);
    release();
    try {
      await imported('contended');
    } finally {
      isOver = true;
      await fighting;
    }
    const settled = await get('contended');
    expect(digestsOf(settled)).toEqual([digest]);
    expect(settled?.metadata.labels?.['round']).toMatch(/^\d+$/);
  });

  it('drops the import of a stream that is deleted with its namespace', async () => {
    await ensureNamespace(store, 'doomed', signal);
    add('doomed');
    const release = hold('team/doomed');
    const stream = streamOf({ namespace: 'doomed', name: 'app' }, `${registry.host}/team/doomed:main`);
    await store.create(imageStreams, stream, {}, signal);
    await asked('team/doomed');
    // No controller of Kubernetes runs here to empty the namespace: that is done by hand, in its order.
    kubectl('delete', 'namespace', 'doomed', '--wait=false');
    kubectl('delete', 'imagestreams', '--all', '-n', 'doomed');
    release();
    await create('survivor');
    await imported('survivor');
    const concerned = running.log().filter((line) => line['namespace'] === 'doomed' && line.level >= 50);
    expect(concerned).toEqual([]);
  });

  it('says which annotation is malformed, and imports all the same', async () => {
    await create('annotated', {
      scheduled: true,
      annotations: {
        'imagestreams.dev/refresh-interval': 'soon',
        'imagestreams.dev/import-requested-at': 'yesterday',
        'imagestreams.dev/rollback': '{',
      },
    });
    await imported('annotated');
    await eventually(
      () =>
        kubectl('get', 'events.events.k8s.io', '-n', namespace, '-o', 'jsonpath={.items[*].note}').includes(
          'refresh-interval',
        ),
      'the Event about the interval',
    );
  });

  it('leaves a Deployment whose triggers are malformed alone, and says so', async () => {
    const containers = [{ name: 'web', image: 'none' }];
    const labels = { app: 'broken' };
    const annotations = { 'image.openshift.io/triggers': '[{' };
    const deployment = {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'broken', namespace, annotations },
      spec: {
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers } },
      },
    };
    const created = await store.create(deployments, deployment, {}, signal);
    await eventually(
      () => kubectl('get', 'events.events.k8s.io', '-n', namespace).includes('deployment/broken'),
      'the Event about the triggers',
    );
    const after = await store.get(deployments, { namespace, name: 'broken' }, signal);
    expect(after?.metadata.resourceVersion).toBe(created.metadata.resourceVersion);
  });

  it('skips a pull secret that is no JSON, names it in the log, and uses the others', async () => {
    const type = 'kubernetes.io/dockercfg';
    const auths = (text: string) => ({
      apiVersion: 'v1',
      kind: 'Secret',
      type,
      data: { '.dockercfg': btoa(text) },
    });
    // An API server takes no such secret: it checks them. What it cannot check is what the values are.
    const metadata = (name: string) => ({ name, namespace });
    await expect(
      store.create(secrets, { ...auths('{'), metadata: metadata('no-json') }, {}, signal),
    ).rejects.toMatchObject({ code: 'invalid' });
    const odd = JSON.stringify({ 'quay.io': { auth: 'not base64 of user:password' } });
    await store.create(secrets, { ...auths(odd), metadata: metadata('odd') }, {}, signal);
    await create('beside-secret');
    await imported('beside-secret');
    await eventually(
      () => running.log().some((line) => String(line['problem']).includes('odd')),
      'the line about the secret',
    );
  });

  it('writes no spec when manifests are applied again, by the client and by two appliers of the server', async () => {
    add('applied');
    const manifest = JSON.stringify(
      streamOf({ namespace, name: 'applied' }, `${registry.host}/team/applied:main`),
    );
    const applyAs = (...args: readonly string[]): string =>
      admin.kubectlWith(manifest, 'apply', '-f', '-', ...args);
    const before = auditLength();
    applyAs();
    await imported('applied');
    const first = await get('applied');
    const requests = registry.log().length;
    applyAs();
    applyAs('--server-side', '--force-conflicts', '--field-manager=one');
    applyAs('--server-side', '--force-conflicts', '--field-manager=two');
    applyAs('--server-side', '--force-conflicts', '--field-manager=one');
    applyAs();
    // Whatever these changed has been seen once this one is imported.
    await create('after-applied');
    await imported('after-applied');
    const last = await get('applied');
    expect(last?.status).toEqual(first?.status);
    expect(last?.metadata.generation).toBe(first?.metadata.generation);
    expect(
      registry
        .log()
        .slice(requests)
        .filter((line) => line.includes('team/applied')),
    ).toEqual([]);
    const specWrites = auditSince(inject('auditLog'), before)
      .filter(isOurWrite)
      .filter(
        ({ objectRef }) => objectRef?.resource === 'imagestreams' && objectRef.subresource !== 'status',
      );
    expect(specWrites).toEqual([]);
  });

  it('goes on without what one missing right keeps from it, and says what is missing', async () => {
    type Rule = { readonly resources: readonly string[]; readonly verbs: readonly string[] };
    const { rules } = JSON.parse(kubectl('get', 'clusterrole', 'imagestreams-controller', '-o', 'json')) as {
      readonly rules: readonly Rule[];
    };
    const write = (value: readonly Rule[]): string => {
      const patch = JSON.stringify([{ op: 'replace', path: '/rules', value }]);
      return kubectl('patch', 'clusterrole', 'imagestreams-controller', '--type=json', '-p', patch);
    };
    const withoutList = rules.flatMap((rule) => {
      if (!rule.resources.includes('deployments')) return [rule];
      const others = rule.resources.filter((resource) => resource !== 'deployments');
      const verbs = rule.verbs.filter((verb) => verb !== 'list');
      return [
        { ...rule, resources: others },
        { ...rule, resources: ['deployments'], verbs },
      ];
    });
    await running.stop();
    write(withoutList);
    try {
      running = await startController(account.kubeconfig);
      await create('without-list');
      await imported('without-list');
      const lines = running.log().filter(({ level }) => level >= 40);
      expect(JSON.stringify(lines)).toMatch(/cannot list resource \\"deployments\\"/);
    } finally {
      write(rules);
    }
  });

  it('was refused nothing', () => {
    const refused = auditSince(inject('auditLog'), start)
      .filter(({ user }) => user.username === 'system:serviceaccount:imagestreams:imagestreams')
      .filter(({ responseStatus }) => responseStatus?.code === 403);
    // A namespace that is going refuses what is new in it: no matter of roles. One right was taken away above.
    const expected = ({ objectRef }: AuditEvent): boolean =>
      objectRef?.namespace === 'doomed' || objectRef?.resource === 'deployments';
    expect(refused.filter((event) => !expected(event))).toEqual([]);
  });
});
