import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Explanation } from '../../src/api/explanation.ts';
import { imageStreams } from '../../src/api/resources.ts';
import {
  administer,
  ensureNamespace,
  eventually,
  install,
  type RunningController,
  startController,
  streamOf,
} from './harness.ts';

const signal = AbortSignal.timeout(600_000);
const namespace = 'why';
const { store, client } = administer(inject('kubeconfig'));

describe('why, asked of any replica', () => {
  let account: ReturnType<typeof install>;
  let replicas: readonly RunningController[] = [];

  beforeAll(async () => {
    account = install(inject('kubeconfig'));
    await ensureNamespace(store, namespace, signal);
    replicas = [await startController(account.kubeconfig), await startController(account.kubeconfig)];
  });
  afterAll(async () => {
    for (const replica of replicas) await replica.stop();
    account?.remove();
    await client.close();
  });

  it('tells what the one that leads knows of its last attempts and of the gate of the registry', async () => {
    const key = { namespace, name: 'asked' };
    await store.create(imageStreams, streamOf(key, '127.0.0.1:1/team/app:main'), {}, signal);
    await eventually(async () => {
      const stream = await store.get(imageStreams, key, signal);
      return stream?.status?.tags?.[0]?.conditions?.[0]?.status === 'False';
    }, 'the failure');
    for (const { metricsUrl } of replicas) {
      const query = 'namespace=why&stream=asked&tag=main';
      const answer = await fetch(`${metricsUrl()}/apis/imagestreams.dev/v1/why?${query}`);
      expect(answer.status).toBe(200);
      const { items } = (await answer.json()) as { readonly items: readonly Explanation[] };
      expect(items).toHaveLength(1);
      expect(items[0]?.attempts.length).toBeGreaterThan(0);
      expect(items[0]?.gates.map(({ host }) => host)).toContain('127.0.0.1:1');
    }
  });
});
