import { startChild } from '../../test/e2e/load/child.ts';
import { type Bench, type Group, runsOf, sized } from '../bench.ts';
import type { HeadsData } from '../programs/heads.ts';
import type { RefreshData, Refreshed } from '../programs/refresh.ts';
import { type BenchRegistry, startBenchRegistry } from '../registry/index.ts';

/** Tags per stream, as in design.md §8. */
const tagsPerStream = 5;

/** Times the processor time of the same HEADs with nothing around them. No target of design.md: half as much again as when this was written, 4.2 to 5.0. */
const maxCpuRatio = 7;

type Figures = {
  readonly heads: number[];
  readonly others: number[];
  readonly refreshed: Refreshed[];
  /** Seconds of processor time that the HEADs alone take. */
  readonly floors: number[];
};

type Amount = Omit<RefreshData, 'host'> & { readonly label: string; readonly heads: number };

const program = '../../../bench/programs/refresh.ts';
const bareProgram = '../../../bench/programs/heads.ts';

/** Refreshes everything several times, and notes what that took here and at the registry. */
const refresh = async (bench: Bench, registry: BenchRegistry, amount: Amount): Promise<Figures> => {
  const { label: _label, heads: _heads, ...data } = amount;
  const child = startChild(program, { ...data, host: registry.host } satisfies RefreshData);
  bench.cleanup(child.stop);
  await child.next();
  const bare = startChild(bareProgram, { host: registry.host, tags: amount.heads } satisfies HeadsData);
  bench.cleanup(bare.stop);
  await bare.next();
  const figures: Figures = { heads: [], others: [], refreshed: [], floors: [] };
  const runs = runsOf(bench, amount.heads > 1000 ? 'long' : 'short');
  // The first of each is a warm-up.
  for (let run = 0; run <= runs; run += 1) {
    const before = await registry.counts();
    child.send('go');
    figures.refreshed.push(await child.next<Refreshed>());
    const after = await registry.counts();
    figures.heads.push(after.heads - before.heads);
    figures.others.push(after.lists + after.others - before.lists - before.others);
    bare.send('go');
    figures.floors.push(await bare.next<number>());
  }
  await Promise.all([child.stop(), bare.stop()]);
  for (const each of Object.values(figures)) each.shift();
  return figures;
};

const measure = async (bench: Bench, registry: BenchRegistry, amount: Amount): Promise<void> => {
  const { heads, others, refreshed, floors } = await refresh(bench, registry, amount);
  const tags = amount.streams * amount.tagsPerStream;
  const name = `refresh, ${amount.label}`;
  bench.row({ name: `${name}: HEADs`, unit: 'requests', values: heads, target: amount.heads });
  bench.row({ name: `${name}: others`, unit: 'requests', values: others, target: 0 });
  bench.row({
    name: `${name}: writes`,
    unit: 'writes',
    values: refreshed.map(({ writes }) => writes),
    target: 0,
  });
  const grows = (what: string) =>
    amount.isShared ? {} : { size: { family: `refresh ${what}`, count: tags } };
  bench.row({
    name: `${name}: CPU`,
    unit: 's',
    values: refreshed.map(({ cpuSeconds }) => cpuSeconds),
    ...grows('CPU'),
  });
  bench.row({
    name: `${name}: CPU per 1,000 tags`,
    unit: 's',
    values: refreshed.map(({ cpuSeconds }) => cpuSeconds / (tags / 1000)),
    floors: floors.map((cpuSeconds) => cpuSeconds / (tags / 1000)),
    ...(tags >= 1000 ? { target: maxCpuRatio } : {}),
  });
  bench.row({
    name: `${name}: resident memory`,
    unit: 'MiB',
    values: refreshed.map(({ residentMiB }) => residentMiB),
    ...grows('memory'),
  });
};

/** What it costs to find that nothing has moved. */
export const refreshGroup: Group = {
  name: 'refresh',
  run: async (bench) => {
    const registry = await startBenchRegistry(bench);
    for (const tags of sized(bench, { smoke: [5], normal: [100, 1000, 10_000] })) {
      const streams = tags / tagsPerStream;
      const amount = { streams, tagsPerStream, isShared: false, label: `${tags} tags`, heads: tags };
      await measure(bench, registry, amount);
    }
    const label = '5 streams on one source';
    await measure(bench, registry, { streams: 5, tagsPerStream: 1, isShared: true, label, heads: 1 });
  },
};
