/** One measured figure. */
export type Row = {
  readonly name: string;
  readonly unit: string;
  /** Median of the runs. */
  readonly value: number;
  /** Median of what the same machine needs at least for the same work, in the same run of the bench; null where there is none. */
  readonly floor: number | null;
  readonly ratio: number | null;
  /** Most that `ratio` may be, or `value` where there is no floor; null: for information. */
  readonly target: number | null;
  readonly met: boolean | null;
  readonly min: number;
  readonly max: number;
  readonly runs: number;
};

/** What a group knows of a figure; {@link toRow} does the arithmetic. */
export type Measured = {
  readonly name: string;
  readonly unit: string;
  readonly values: readonly number[];
  readonly floors?: readonly number[] | undefined;
  readonly target?: number | undefined;
};

/** The middle of an odd count, the mean of the two in the middle of an even one. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('nothing was measured');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

/** A row of what was measured. */
export const toRow = ({ name, unit, values, floors, target }: Measured): Row => {
  const value = median(values);
  const floor = floors === undefined ? null : median(floors);
  const ratio = floor === null ? null : value / floor;
  return {
    name,
    unit,
    value,
    floor,
    ratio,
    target: target ?? null,
    met: target === undefined ? null : (ratio ?? value) <= target,
    min: Math.min(...values),
    max: Math.max(...values),
    runs: values.length,
  };
};
