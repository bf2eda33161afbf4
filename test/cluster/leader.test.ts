import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, inject, it } from 'vitest';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { settle } from '../fakes/clock.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import {
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

const signal = AbortSignal.timeout(600_000);
const namespace = 'leader';
const { store, client } = administer(inject('kubeconfig'));

const auditLength = (): number => readFileSync(inject('auditLog'), 'utf8').length;

const isLeading = ({ log }: RunningController): boolean =>
  log().findLast(({ msg }) => msg === 'leading' || msg.startsWith('the lease is lost'))?.msg === 'leading';

/** A stream whose tag is recorded as it stands. */
const reference = (name: string): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, namespace },
  spec: {
    tags: [{ name: 'main', reference: true, from: { kind: 'DockerImage', name: 'quay.io/team/app:main' } }],
  },
});

describe('replicas', () => {
  let account: ReturnType<typeof install>;
  let registry: FakeRegistry;
  const running: RunningController[] = [];
  const start = async (kubeconfig = account.kubeconfig): Promise<RunningController> => {
    const controller = await startController(kubeconfig);
    running.push(controller);
    return controller;
  };
  /** Two of them, of which the first leads. */
  const startPair = async (second = account.kubeconfig) => {
    const leader = await start();
    await eventually(() => isLeading(leader), 'the first lease');
    const standby = await start(second);
    return { leader, standby };
  };

  beforeAll(async () => {
    account = install(inject('kubeconfig'));
    registry = await startFakeRegistry();
    await ensureNamespace(store, namespace, signal);
  });
  afterEach(async () => {
    for (const controller of running.splice(0)) await controller.stop('SIGKILL');
  });
  afterAll(async () => {
    await registry.stop();
    account.remove();
    await client.close();
  });

  const digestsIn = async (name: string): Promise<readonly string[]> =>
    digestsOf(await store.get(imageStreams, { namespace, name }, signal));

  it('hand over within two seconds when the leader is told to stop', async () => {
    const { leader, standby } = await startPair();
    expect(isLeading(standby)).toBe(false);
    expect(await leader.stop(), leader.output().slice(-5000)).toBe(0);
    await eventually(() => isLeading(standby), 'the hand-over', 2_000);
  });

  it('hand over within fifteen seconds when the leader is killed in the middle of an import', async () => {
    const image = anImage({ name: 'killed' });
    const { host } = registry;
    registry.add('team/killed', image, 'main');
    const { promise: never } = Promise.withResolvers<void>();
    let isHeld = true;
    const release = registry.intercept(({ path }) =>
      isHeld && path.includes('team/killed/manifests') ? { kind: 'wait', until: never } : undefined,
    );
    const { leader, standby } = await startPair();
    await store.create(
      imageStreams,
      streamOf({ namespace, name: 'killed' }, `${host}/team/killed:main`),
      {},
      signal,
    );
    await eventually(
      () => registry.requests.some(({ path }) => path.includes('team/killed/manifests')),
      'the import',
    );
    await leader.stop('SIGKILL');
    isHeld = false;
    await eventually(() => isLeading(standby), 'the hand-over', 15_000);
    await eventually(async () => (await digestsIn('killed')).length === 1, 'the import by the next leader');
    expect(await digestsIn('killed')).toEqual([image.manifest.digest]);
    release();
  });

  it('let no write of a paused leader take effect once another leads', async () => {
    const { host } = registry;
    const first = anImage({ name: 'paused one' });
    const second = anImage({ name: 'paused two' });
    registry.add('team/paused', first, 'main');
    const { promise: released, resolve: release } = Promise.withResolvers<void>();
    let isHeld = true;
    const unhook = registry.intercept(({ path }) =>
      isHeld && path.includes('team/paused/manifests') ? { kind: 'wait', until: released } : undefined,
    );
    // The second signs in as somebody else, so that the audit log tells who wrote.
    const { leader, standby } = await startPair(inject('kubeconfig'));
    const stream = streamOf({ namespace, name: 'paused' }, `${host}/team/paused:main`);
    await store.create(imageStreams, stream, {}, signal);
    await eventually(
      () => registry.requests.some(({ path }) => path.includes('team/paused/manifests')),
      'the import',
    );
    // Its answer waits in its socket while it is paused: what it would write is old when it reads it.
    leader.process.kill('SIGSTOP');
    isHeld = false;
    release();
    await settle();
    registry.add('team/paused', second, 'main');
    await eventually(() => isLeading(standby), 'the hand-over', 15_000);
    await eventually(async () => (await digestsIn('paused')).length === 1, 'the import by the next leader');
    // What happens meanwhile waits in its watches: each of these is something to write at once, without asking anybody.
    const names = Array.from({ length: 20 }, (_, number) => `meanwhile-${number}`);
    for (const name of names) await store.create(imageStreams, reference(name), {}, signal);
    const settled = async (name: string): Promise<boolean> => (await digestsIn(name)).length === 1;
    await eventually(async () => (await Promise.all(names.map(settled))).every(Boolean), 'the rest');
    const before = auditLength();
    leader.process.kill('SIGCONT');
    await eventually(
      () => leader.log().some(({ msg }) => msg.startsWith('the lease is lost')),
      'that the paused one notices',
    );
    await eventually(
      () =>
        auditSince(inject('auditLog'), before).filter(({ objectRef }) => objectRef?.resource === 'leases')
          .length > 5,
      'some more renewals',
    );
    const writes = auditSince(inject('auditLog'), before).filter(isOurWrite);
    expect(writes.filter(({ objectRef }) => objectRef?.resource !== 'leases')).toEqual([]);
    expect(writes.filter(({ responseStatus }) => responseStatus?.code === 200)).toEqual([]);
    expect(await digestsIn('paused')).toEqual([second.manifest.digest]);
    unhook();
  });
});
