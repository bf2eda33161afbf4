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
  /**
   * How the cost grew since the smaller size before it: the exponent of the size, 1 where ten times as much costs ten times as much, 2 where it costs a
   * hundred times as much. Null where there is nothing smaller.
   */
  readonly growth: number | null;
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
  /** How much was asked for, among the rows of one name but for that: what the cost grows with. */
  readonly size?: { readonly family: string; readonly count: number } | undefined;
};

/** The middle of an odd count, the mean of the two in the middle of an even one. */
export const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >> 1;
  const upper = sorted[middle];
  if (upper === undefined) throw new Error('nothing was measured');
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? upper) + upper) / 2;
};

/** A row of what was measured, after the rows before it. */
export const toRow = (
  { name, unit, values, floors, target }: Measured,
  growth: number | null = null,
): Row => {
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
    growth,
    min: Math.min(...values),
    max: Math.max(...values),
    runs: values.length,
  };
};

/** Collects rows, and sees how those of one family grow. */
export const createRows = () => {
  const rows: Row[] = [];
  const largest = new Map<string, { readonly count: number; readonly value: number }>();
  const growthOf = ({ size, values }: Measured): number | null => {
    if (size === undefined) return null;
    const before = largest.get(size.family);
    const now = { count: size.count, value: median(values) };
    largest.set(size.family, now);
    if (before === undefined || before.value <= 0 || now.value <= 0 || now.count === before.count)
      return null;
    return Math.log(now.value / before.value) / Math.log(now.count / before.count);
  };
  return {
    all: (): readonly Row[] => rows,
    add: (measured: Measured): Row => {
      const row = toRow(measured, growthOf(measured));
      rows.push(row);
      return row;
    },
  };
};
