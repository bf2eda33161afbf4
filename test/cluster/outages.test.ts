import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { imageStreams } from '../../src/api/resources.ts';
import { createClusterStore } from '../../src/kube/cluster-store.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { createInformer } from '../../src/runtime/index.ts';
import { createRecordingLogger } from '../fakes/logger.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import { clusterPrograms } from '../setup/cluster-programs.ts';
import { type KubeApiserver, startKubeApiserver } from '../setup/kube-apiserver.ts';
import {
  administer,
  digestsOf,
  ensureNamespace,
  eventually,
  install,
  installCrds,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(900_000);
const namespace = 'outages';

/** Makes etcd forget all revisions before the newest, as an API server does every five minutes. */
const compact = async (etcdUrl: string): Promise<void> => {
  const post = async (path: string, body: unknown): Promise<unknown> => {
    const answer = await fetch(`${etcdUrl}/v3/kv/${path}`, { method: 'POST', body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`etcd: ${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { header } = (await post('range', { key: 'AA==' })) as { header: { revision: string } };
  await post('compaction', { revision: header.revision, physical: true });
};

/** These stop the API server: they have one of their own. */
describe('outages', () => {
  let server: KubeApiserver;
  let admin: ReturnType<typeof administer>;
  let account: ReturnType<typeof install>;
  let registry: FakeRegistry;
  const running: RunningController[] = [];

  beforeAll(async () => {
    server = await startKubeApiserver(clusterPrograms());
    installCrds(server.kubeconfig);
    admin = administer(server.kubeconfig);
    account = install(server.kubeconfig);
    registry = await startFakeRegistry();
    await ensureNamespace(admin.store, namespace, signal);
  });
  afterEach(async () => {
    for (const controller of running.splice(0)) await controller.stop('SIGKILL');
  });
  afterAll(async () => {
    await registry?.stop();
    await admin?.client.close();
    account?.remove();
    await server?.stop();
  });

  const start = async (): Promise<RunningController> => {
    const controller = await startController(account.kubeconfig);
    running.push(controller);
    return controller;
  };
  const create = (name: string) => {
    registry.add(`team/${name}`, anImage({ name }), 'main');
    const stream = streamOf({ namespace, name }, `${registry.host}/team/${name}:main`);
    return admin.store.create(imageStreams, stream, {}, signal);
  };
  const isImported = async (name: string): Promise<boolean> =>
    digestsOf(await admin.store.get(imageStreams, { namespace, name }, signal)).length === 1;

  it('of the API server leave the controller running, and it goes on when that is back', async () => {
    const controller = await start();
    await create('before');
    await eventually(() => isImported('before'), 'the import before');
    await server.pause('SIGKILL');
    // Longer than the lease: it is lost, and taken again.
    await sleep(12_000);
    expect(controller.process.exitCode).toBeNull();
    expect((await fetch(`${controller.healthUrl()}/livez`)).status).toBe(200);
    await server.resume();
    await create('after');
    await eventually(() => isImported('after'), 'the import after', 60_000);
    await eventually(
      async () => (await fetch(`${controller.healthUrl()}/readyz`)).status === 200,
      'readiness',
    );
    expect(registry.log().filter((line) => line.includes('team/before/manifests'))).toHaveLength(1);
  });

  it('with a compaction meanwhile cost one list, and nothing is missed or told twice', async () => {
    const store = createClusterStore({ client: admin.client, clock: systemClock });
    const logger = createRecordingLogger();
    const lists: number[] = [];
    const informer = createInformer({
      store,
      resource: imageStreams,
      clock: systemClock,
      logger,
      onEvent: (event) => {
        if (event.type === 'informer-list') lists.push(event.objects);
      },
    });
    const told: string[] = [];
    informer.onChange((old, current, { name }) => {
      told.push(`${old === undefined ? 'new' : current === undefined ? 'gone' : 'changed'} ${name}`);
    });
    const kept = await create('kept');
    await create('removed');
    const stop = new AbortController();
    const ended = informer.run(stop.signal);
    await informer.synced();
    told.length = 0;

    await server.pause();
    await server.resume();
    // Before the informer comes back: what it missed is not in any log any more.
    await admin.store.delete(imageStreams, { namespace, name: 'removed' }, {}, signal);
    await admin.store.update(imageStreams, { ...kept, spec: {} }, {}, signal);
    await create('added');
    await compact(server.etcdUrl);
    await server.pause();
    await server.resume();
    await eventually(
      () => told.includes('new added') && told.includes('gone removed'),
      'all changes',
      60_000,
    );
    await eventually(() => told.includes('changed kept'), 'the change');
    expect(told.toSorted()).toEqual(['changed kept', 'gone removed', 'new added']);
    expect(lists.length).toBeLessThanOrEqual(3);
    stop.abort(new Error('the test is over'));
    await ended;
  });
});
