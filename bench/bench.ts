import type { Measured } from './row.ts';

/** What groups of figures are measured with. */
export type Bench = {
  /** Aborted when the bench is to end early. */
  readonly signal: AbortSignal;
  /** Sizes of the groups: `smoke` runs everything once, as small as it gets; `full` takes hours where that is what it takes. */
  readonly size: 'smoke' | 'normal' | 'full';
  /** Has something put away at the end, also of a bench that was interrupted; the newest goes first. */
  readonly cleanup: (work: () => unknown) => void;
  /** Reports a figure. */
  readonly row: (measured: Measured) => void;
};

/** A named set of figures. */
export type Group = { readonly name: string; readonly run: (bench: Bench) => Promise<void> };

/** What a group does at each size; `full` defaults to what `normal` does. */
export const sized = <T>(
  { size }: Bench,
  of: { readonly smoke: T; readonly normal: T; readonly full?: T },
): T => (size === 'smoke' ? of.smoke : size === 'normal' ? of.normal : (of.full ?? of.normal));

/** Runs of a measurement: 5 of a short one, 3 of a long one. */
export const runsOf = ({ size }: Bench, length: 'short' | 'long'): number =>
  size === 'smoke' ? 1 : length === 'short' ? 5 : 3;

/** Milliseconds that `work` takes. */
export const timed = async (work: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await work();
  return performance.now() - start;
};

/** Measures `ours` and `floor` in turns after a warm-up of each, so that what else the machine does weighs on both alike. */
export const inTurns = async (
  bench: Bench,
  runs: number,
  {
    ours,
    floor,
    isWarm = bench.size === 'smoke',
  }: {
    readonly ours: () => Promise<number>;
    readonly floor: () => Promise<number>;
    /** There was a warm-up already. */
    readonly isWarm?: boolean;
  },
): Promise<{ readonly values: readonly number[]; readonly floors: readonly number[] }> => {
  const values: number[] = [];
  const floors: number[] = [];
  if (!isWarm) {
    await ours();
    await floor();
  }
  for (let run = 0; run < runs; run += 1) {
    bench.signal.throwIfAborted();
    values.push(await ours());
    floors.push(await floor());
  }
  return { values, floors };
};
