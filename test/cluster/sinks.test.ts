import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { changeCursors, imageStreamImports, imageStreams } from '../../src/api/resources.ts';
import { anImage, push } from '../fakes/registry/index.ts';
import { type DockerRegistry, startDockerRegistry } from '../setup/docker-registry.ts';
import { type Receiver, startReceiver } from '../setup/receiver.ts';
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

const signal = AbortSignal.timeout(600_000);
const namespace = 'sinks';
const { store, client } = administer(inject('kubeconfig'));

describe('sinks of a controller', () => {
  let registry: DockerRegistry;
  let receiver: Receiver;
  let account: ReturnType<typeof install>;
  let running: RunningController;

  beforeAll(async () => {
    registry = await startDockerRegistry();
    receiver = await startReceiver();
    account = install(inject('kubeconfig'));
    await ensureNamespace(store, namespace, signal);
    const url = receiver.url.href;
    running = await startController(account.kubeconfig, [
      '--cloudevents-url',
      url,
      '--import-request-ttl',
      '1s',
    ]);
  });
  afterAll(async () => {
    await running?.stop();
    await receiver?.stop();
    await registry?.stop();
    account?.remove();
    await client.close();
  });

  it('are told of a stream from its first import to its end, and their cursor goes with it', async () => {
    const key = { namespace, name: 'told' };
    await push({ url: `http://${registry.host}` }, 'told', anImage({ name: 'told' }), 'main');
    await store.create(imageStreams, streamOf(key, `${registry.host}/told:main`), {}, signal);
    const told = (): readonly string[] =>
      receiver.taken.filter(({ event }) => event.stream === 'told').map(({ event }) => event.type);
    await eventually(() => told().length === 1, 'the event of the import');
    const cursors = async (): Promise<number> =>
      (await store.list(changeCursors, { namespace }, signal)).items.length;
    await eventually(async () => (await cursors()) === 1, 'the cursor');
    await store.delete(imageStreams, key, {}, signal);
    await eventually(() => told().length === 2, 'the event of the end');
    await eventually(async () => (await cursors()) === 0, 'the end of the cursor');
  });

  it('has import requests deleted once they are finished and their time is over', async () => {
    const from = { kind: 'DockerImage', name: `${registry.host}/asked:main` };
    await push({ url: `http://${registry.host}` }, 'asked', anImage({ name: 'asked' }), 'main');
    const request = {
      apiVersion: 'image.openshift.io/v1',
      kind: 'ImageStreamImport',
      metadata: { namespace, name: 'asked' },
      spec: { import: true, images: [{ from, to: { name: 'main' }, importPolicy: { insecure: true } }] },
    };
    await store.create(imageStreamImports, request, {}, signal);
    const key = { namespace, name: 'asked' };
    await eventually(async () => (await store.get(imageStreamImports, key, signal)) === undefined, 'its end');
    expect(digestsOf(await store.get(imageStreams, key, signal))).toHaveLength(1);
  });
});
