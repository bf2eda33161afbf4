import { readFileSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import type { Explanation } from '../../src/api/explanation.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { createCliWorld } from '../fakes/cli.ts';
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
const { store, client, kubectl, kubectlWith } = administer(inject('kubeconfig'));

/** An API server takes no endpoint on loopback: an address of this machine that others could reach, if it has one. */
const address = Object.values(networkInterfaces())
  .flatMap((list) => list ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

/** Stands for a pod behind the service of the metrics: the proxy passes on only to addresses that a pod has. */
const addEndpoint = (ip: string, port: number): void => {
  const place = { name: 'why', namespace: 'imagestreams' };
  const container = {
    name: 'controller',
    image: 'none',
    securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
  };
  const securityContext = { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } };
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: place,
    spec: { securityContext, containers: [container] },
  };
  kubectlWith(JSON.stringify(pod), 'create', '-f', '-');
  const status = JSON.stringify({ status: { phase: 'Running', podIP: ip, podIPs: [{ ip }] } });
  kubectl('patch', '-n', place.namespace, 'pod/why', '--subresource=status', '--type=merge', '-p', status);
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: { ...place, labels: { 'kubernetes.io/service-name': 'imagestreams-metrics' } },
    addressType: 'IPv4',
    endpoints: [{ addresses: [ip], conditions: { ready: true }, targetRef: { kind: 'Pod', ...place } }],
    ports: [{ name: 'metrics', port, protocol: 'TCP' }],
  };
  kubectlWith(JSON.stringify(slice), 'create', '-f', '-');
};

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
      const ask = () => fetch(`${metricsUrl()}/apis/imagestreams.dev/v1/why?${query}`);
      // A replica that does not lead may not have heard yet who does.
      await eventually(async () => (await ask()).status !== 503, 'an answer');
      const answer = await ask();
      expect(answer.status).toBe(200);
      const { items } = (await answer.json()) as { readonly items: readonly Explanation[] };
      expect(items).toHaveLength(1);
      expect(items[0]?.attempts.length).toBeGreaterThan(0);
      expect(items[0]?.gates.map(({ host }) => host)).toContain('127.0.0.1:1');
    }
  });

  it.skipIf(address === undefined)('is reached through the proxy of the API server', async () => {
    const ip = address ?? '';
    const follower = await startController(account.kubeconfig, ['--metrics-listen', `${ip}:0`]);
    replicas = [...replicas, follower];
    addEndpoint(ip, Number(new URL(follower.metricsUrl()).port));
    const files = { '/home/me/.kube/config': readFileSync(inject('kubeconfig'), 'utf8') };
    const ask = () => createCliWorld({ files, nowMs: Date.now() }).run(`-n ${namespace} why asked:main`);
    try {
      await eventually(async () => (await ask()).exitCode === 0, 'the answer', 10_000, 500);
      const { stdout, stderr } = await ask();
      expect(stderr).toBe('');
      expect(stdout).toContain('asked:main from 127.0.0.1:1/team/app:main');
    } finally {
      kubectl('delete', '-n', 'imagestreams', 'endpointslice/why', 'pod/why', '--grace-period=0', '--force');
    }
  });
});
