import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../test/e2e/load/measure.ts';
import { type Bench, runsOf, sized, timed } from './bench.ts';

/** Of design.md §8, for so many streams with a history of one image. */
export const targets = { streams: 10_000, startRatio: 2, residentMiB: 400, idlePercent: 2 };

/** So many streams, each tag with so many entries, and what their rows are called. */
export type ManyStreams = {
  readonly label: string;
  /** `cluster` or `standalone`: what rows that grow are compared within. */
  readonly family: string;
  readonly streams: number;
  readonly items: number;
};

/** Whether the targets are for that many. */
export const isTargeted = ({ streams, items }: Pick<ManyStreams, 'streams' | 'items'>): boolean =>
  streams >= targets.streams && items === 1;

/** What makes a row comparable with that of another number of streams. */
export const sizeOf = ({ family, streams, items }: ManyStreams, what: string) => ({
  family: `${family} ${what} ${items}`,
  count: streams,
});

/**
 * Seconds of processor time per second of the clock that a process takes when it has nothing to do, in percent of one core; of several
 * spans of time, since for a while V8 still collects what a start or a forced collection left.
 */
export const idlePercents = async (bench: Bench, pid: number): Promise<readonly number[]> => {
  const seconds = sized(bench, { smoke: 1, normal: 3, full: 12 });
  const percents: number[] = [];
  for (let span = 0; span < runsOf(bench, 'short'); span += 1) {
    const before = await usageOf(pid);
    const tookMs = await timed(() => sleep(seconds * 1000, undefined, { signal: bench.signal }));
    percents.push((((await usageOf(pid)).cpuSeconds - before.cpuSeconds) / (tookMs / 1000)) * 100);
  }
  return percents;
};

/** Rows about a program that has read everything and has nothing to do. */
export const reportIdle = (
  bench: Bench,
  many: ManyStreams,
  { residentMiB, percents }: { readonly residentMiB: number; readonly percents: readonly number[] },
): void => {
  const isTarget = isTargeted(many);
  bench.row({
    name: `${many.label}: memory after a collection`,
    unit: 'MiB',
    values: [residentMiB],
    size: sizeOf(many, 'memory'),
    ...(isTarget ? { target: targets.residentMiB } : {}),
  });
  bench.row({
    name: `${many.label}: idle CPU`,
    unit: '% of a core',
    values: percents,
    ...(isTarget ? { target: targets.idlePercent } : {}),
  });
};

/** Tells what each stream more takes than what is held whatever there is, which is taken from the first number of streams. */
export const createGrowth = (bench: Bench) => {
  const smallest = new Map<number, { readonly residentMiB: number; readonly streams: number }>();
  return ({ label, streams, items }: ManyStreams, residentMiB: number): void => {
    const few = smallest.get(items) ?? { residentMiB, streams };
    smallest.set(items, few);
    if (few.streams >= streams) return;
    const values = [((residentMiB - few.residentMiB) * 1024) / (streams - few.streams)];
    bench.row({ name: `${label}: memory per stream`, unit: 'KiB', values });
  };
};
