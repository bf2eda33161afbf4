import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { nextSlot } from '../../src/importer/index.ts';
import { type FakeRegistry, startFakeRegistry } from '../fakes/registry/index.ts';
import { clusterPrograms } from '../setup/cluster-programs.ts';
import { type KubeApiserver, startKubeApiserver } from '../setup/kube-apiserver.ts';
import {
  administer,
  auditSince,
  install,
  installCrds,
  isOurWrite,
  type RunningController,
} from './harness.ts';
import { createManyStreams, isStillThere } from './many-streams.ts';
import { memoryOf, startMeasured, untilIdle, untilRead } from './measured.ts';

/** How many streams; `npm run test:cluster:full` has the 10,000 of the promise. */
const streams = Number(process.env['IMAGESTREAMS_TEST_STREAMS'] ?? 2_000);
const history = 3;
const mebibyte = 2 ** 20;
/** What 10,000 streams may take, of which half is the program itself with its client library. */
const maxResident = (200 + (200 * streams) / 10_000) * mebibyte;
const hourMs = 3_600_000;
const intervalMs = 12 * hourMs;
const signal = AbortSignal.timeout(hourMs);

/** The tag whose refresh falls due between two times: its slots say so. */
const isDue = (path: string, host: string, [fromMs, toMs]: readonly [number, number]): boolean => {
  const [, repository, tag] = /^\/v2\/(.+)\/manifests\/([^/]+)$/.exec(path) ?? [];
  const reference = `${host}/${repository}:${tag}`;
  return nextSlot({ reference, importMode: 'Legacy', credentialClass: '[]', intervalMs }, fromMs) <= toMs;
};

describe(`${streams} streams that were imported long ago`, () => {
  let server: KubeApiserver;
  let registry: FakeRegistry;
  let admin: ReturnType<typeof administer>;
  let account: ReturnType<typeof install>;
  let running: RunningController;

  beforeAll(async () => {
    server = await startKubeApiserver(clusterPrograms());
    installCrds(server.kubeconfig);
    admin = administer(server.kubeconfig);
    account = install(server.kubeconfig);
    registry = await startFakeRegistry();
    registry.intercept(isStillThere({ history }));
    await createManyStreams(
      { store: admin.store, etcdUrl: server.etcdUrl },
      { streams, history, registry: registry.host },
      signal,
    );
  }, hourMs);
  afterAll(async () => {
    await running?.stop('SIGKILL');
    await registry?.stop();
    account?.remove();
    await admin?.client.close();
    await server?.stop();
  });

  it('are read once, fit into memory, and have no registry asked before they are due', {
    timeout: hourMs,
  }, async () => {
    const before = readFileSync(server.auditLog, 'utf8').length;
    const startMs = Date.now();
    running = await startMeasured(account.kubeconfig, ['--default-refresh-interval', '12h']);
    await untilRead(running, streams);
    await untilIdle(running);
    const { resident, heap } = await memoryOf(running);
    const endMs = Date.now();

    const metrics = await (await fetch(`${running.metricsUrl()}/metrics`)).text();
    expect(metrics).toContain(`workqueue_adds_total{name="refresh-index"} ${streams}\n`);
    const asked = registry.requests.map(({ path }) => path);
    expect(asked.filter((path) => !isDue(path, registry.host, [startMs, endMs]))).toEqual([]);

    const ours = auditSince(server.auditLog, before).filter(({ user }) =>
      user.username.includes(':imagestreams:'),
    );
    const readings = ours.filter(({ objectRef }) => objectRef?.resource === 'imagestreams');
    // A page that a busy server does not answer in time has the list begun again.
    const failed = /^imagestreams_informer_errors_total\{resource="imagestreams\..*"\} (\d+)$/m.exec(
      metrics,
    )?.[1];
    const pages = Math.ceil(streams / 500) * (1 + Number(failed ?? 0));
    expect(readings.filter(({ verb }) => verb === 'list').length).toBeLessThanOrEqual(pages);
    expect(readings.filter(({ verb }) => verb === 'get')).toEqual([]);
    expect(ours.filter(isOurWrite).filter(({ objectRef }) => objectRef?.resource !== 'leases')).toEqual([]);
    expect({ resident, heap }).toSatisfy(() => resident <= maxResident);
  });
});
