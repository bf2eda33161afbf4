import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { administer, install, installCrds, type RunningController } from '../../test/cluster/harness.ts';
import { createManyStreams, isStillThere, type Many, manyTags } from '../../test/cluster/many-streams.ts';
import { memoryOf, startMeasured, untilIdle, untilRead } from '../../test/cluster/measured.ts';
import { usageOf } from '../../test/e2e/load/measure.ts';
import { type FakeRegistry, startFakeRegistry } from '../../test/fakes/registry/index.ts';
import { findClusterPrograms } from '../../test/setup/cluster-programs.ts';
import {
  type KubeApiserver,
  type KubePrograms,
  startKubeApiserver,
} from '../../test/setup/kube-apiserver.ts';
import { type Bench, type Group, inTurns, runsOf, sized, timed } from '../bench.ts';

/** Of design.md §8; the last two are for so many streams with a history of one image. */
const targets = { streams: 10_000, startRatio: 2, residentMiB: 400, idlePercent: 2 };

type Amount = Pick<Many, 'streams' | 'history'>;

/** A control plane with many streams in it, and the registry that their tags follow. */
type Place = { readonly server: KubeApiserver; readonly account: string; readonly registry: FakeRegistry };

const makePlace = async (bench: Bench, programs: KubePrograms, amount: Amount): Promise<Place> => {
  const server = await startKubeApiserver(programs);
  bench.cleanup(server.stop);
  installCrds(server.kubeconfig);
  const { store, client } = administer(server.kubeconfig);
  const account = install(server.kubeconfig);
  bench.cleanup(account.remove);
  const registry = await startFakeRegistry();
  bench.cleanup(registry.stop);
  registry.intercept(isStillThere(amount));
  await createManyStreams(
    { store, etcdUrl: server.etcdUrl },
    { ...amount, registry: registry.host },
    bench.signal,
  );
  await client.close();
  return { server, account: account.kubeconfig, registry };
};

/** The least that a start costs: the same pages asked for and parsed, and nothing done with them. */
const openBareList = (bench: Bench, { server }: Place): (() => Promise<number>) => {
  const { users } = parse(readFileSync(server.kubeconfig, 'utf8')) as {
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  const agent = new Agent({ connect: { rejectUnauthorized: false } });
  bench.cleanup(() => agent.close());
  const headers = { authorization: `Bearer ${users[0]?.user.token}`, accept: 'application/json' };
  const listAll = async (): Promise<void> => {
    let rest: string | undefined;
    do {
      const query = `limit=500${rest === undefined ? '' : `&continue=${encodeURIComponent(rest)}`}`;
      const path = `/apis/image.openshift.io/v1/imagestreams?${query}`;
      const { body } = await agent.request({ origin: server.url, path, method: 'GET', headers });
      const page = JSON.parse(await body.text()) as { readonly metadata: { readonly continue?: string } };
      rest = page.metadata.continue || undefined;
    } while (rest !== undefined);
  };
  return () => timed(listAll);
};

const labelOf = ({ streams, history }: Amount): string =>
  `cluster, ${streams} streams × ${manyTags.length} tags × ${history} item${history === 1 ? '' : 's'}`;

const idlePercent = async (
  { process: { pid = 0 } }: RunningController,
  seconds: number,
  signal: AbortSignal,
): Promise<number> => {
  const before = await usageOf(pid);
  const tookMs = await timed(() => sleep(seconds * 1000, undefined, { signal }));
  return (((await usageOf(pid)).cpuSeconds - before.cpuSeconds) / (tookMs / 1000)) * 100;
};

/** Rows about one amount; resolves to the resident memory. */
const measure = async (bench: Bench, place: Place, amount: Amount): Promise<number> => {
  const name = labelOf(amount);
  const isTarget = amount.streams >= targets.streams && amount.history === 1;
  const sizeOf = (what: string) => ({ family: `cluster ${what} ${amount.history}`, count: amount.streams });
  let running: RunningController | undefined;
  bench.cleanup(() => running?.stop('SIGKILL'));
  const ours = async (): Promise<number> => {
    // Told to stop, it gives its lease back: the next one need not wait until that runs out.
    await running?.stop();
    const startedAt = performance.now();
    // An interval so long that next to nothing is due: what is asked all the same shows.
    running = await startMeasured(place.account, ['--default-refresh-interval', '8760h']);
    return (await untilRead(running, amount.streams)) - startedAt;
  };
  const figures = await inTurns(bench, runsOf(bench, 'long'), { ours, floor: openBareList(bench, place) });
  if (running === undefined) throw new Error('no controller was started');
  await untilIdle(running);
  const { resident } = await memoryOf(running);
  const idle = await idlePercent(running, sized(bench, { smoke: 1, normal: 10, full: 60 }), bench.signal);
  bench.row({
    name: `${name}: start to synced`,
    unit: 'ms',
    ...figures,
    size: sizeOf('start'),
    ...(isTarget ? { target: targets.startRatio } : {}),
  });
  bench.row({
    name: `${name}: requests to registries`,
    unit: 'requests',
    values: [place.registry.requests.length],
    target: Math.ceil((amount.streams * manyTags.length) / 1000),
  });
  bench.row({
    name: `${name}: memory after a collection`,
    unit: 'MiB',
    values: [resident / 2 ** 20],
    size: sizeOf('memory'),
    ...(isTarget ? { target: targets.residentMiB } : {}),
  });
  bench.row({
    name: `${name}: idle CPU`,
    unit: '% of a core',
    values: [idle],
    ...(isTarget ? { target: targets.idlePercent } : {}),
  });
  await running.stop();
  return resident;
};

const amounts = (streams: readonly number[], history: number): readonly Amount[] =>
  streams.map((count) => ({ streams: count, history }));

/** How a controller fares with many streams in a real cluster that have all they ask for. */
export const clusterGroup: Group = {
  name: 'cluster',
  run: async (bench) => {
    const programs = findClusterPrograms();
    // In its smallest size the bench is a test among others: none of them starts a control plane.
    if (bench.size === 'smoke') return;
    if (programs === undefined) {
      process.stderr.write(
        'cluster: left out, there is no kube-apiserver; npm run test:cluster builds one\n',
      );
      return;
    }
    const few = [10, 100, 1000];
    const all = bench.size === 'full' ? [...few, targets.streams] : few;
    for (const history of [1, 20]) {
      let smallest: { readonly resident: number; readonly streams: number } | undefined;
      for (const amount of amounts(all, history)) {
        const place = await makePlace(bench, programs, amount);
        const resident = await measure(bench, place, amount);
        smallest ??= { resident, streams: amount.streams };
        const more = amount.streams - smallest.streams;
        if (more > 0)
          bench.row({
            name: `${labelOf(amount)}: memory per stream`,
            unit: 'KiB',
            values: [(resident - smallest.resident) / 1024 / more],
          });
        await place.server.stop();
      }
    }
  },
};
