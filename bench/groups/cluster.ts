import { readFileSync } from 'node:fs';
import { Agent } from 'undici';
import { parse } from 'yaml';
import { administer, install, installCrds, type RunningController } from '../../test/cluster/harness.ts';
import { createManyStreams, isStillThere, type Many, manyTags } from '../../test/cluster/many-streams.ts';
import { memoryOf, startMeasured, untilIdle, untilRead } from '../../test/cluster/measured.ts';
import { type FakeRegistry, startFakeRegistry } from '../../test/fakes/registry/index.ts';
import { findClusterPrograms } from '../../test/setup/cluster-programs.ts';
import {
  type KubeApiserver,
  type KubePrograms,
  startKubeApiserver,
} from '../../test/setup/kube-apiserver.ts';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';
import {
  createGrowth,
  idlePercents,
  isTargeted,
  type ManyStreams,
  reportIdle,
  sizeOf,
  targets,
} from '../many-streams.ts';

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

const manyOf = ({ streams, history: items }: Amount): ManyStreams => ({
  label: `cluster, ${streams} streams × ${manyTags.length} tags × ${items} item${items === 1 ? '' : 's'}`,
  family: 'cluster',
  streams,
  items,
});

/** Rows about one amount; resolves to the resident memory in MiB. */
const measure = async (bench: Bench, place: Place, amount: Amount): Promise<number> => {
  const many = manyOf(amount);
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
  const residentMiB = (await memoryOf(running)).resident / 2 ** 20;
  const percents = await idlePercents(bench, running.process.pid ?? 0);
  bench.row({
    name: `${many.label}: start to synced`,
    unit: 'ms',
    ...figures,
    size: sizeOf(many, 'start'),
    ...(isTargeted(many) ? { target: targets.startRatio } : {}),
  });
  bench.row({
    name: `${many.label}: requests to registries`,
    unit: 'requests',
    values: [place.registry.requests.length],
    target: Math.ceil((amount.streams * manyTags.length) / 1000),
  });
  reportIdle(bench, many, { residentMiB, percents });
  await running.stop();
  return residentMiB;
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
    const reportGrowth = createGrowth(bench);
    for (const amount of [1, 20].flatMap((history) => amounts(all, history))) {
      const place = await makePlace(bench, programs, amount);
      reportGrowth(manyOf(amount), await measure(bench, place, amount));
      await place.server.stop();
    }
  },
};
