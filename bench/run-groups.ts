import type { Bench, Group } from './bench.ts';
import { createRows, type Row } from './row.ts';

/** What came of a bench: its rows, and why groups ended early; their rows up to then are there. */
export type Outcome = {
  readonly rows: readonly Row[];
  readonly failures: readonly { readonly group: string; readonly error: unknown }[];
};

/** A group that hangs is given up after so many minutes, for the others' sake. */
const limitMinutes: Readonly<Record<Bench['size'], number>> = { smoke: 2, normal: 10, full: 180 };

/** Rejects when `signal` is aborted, whatever the work still does. */
const orAborted = async (work: Promise<void>, signal: AbortSignal): Promise<void> => {
  const aborted = Promise.withResolvers<never>();
  const abort = (): void => aborted.reject(signal.reason);
  signal.addEventListener('abort', abort, { once: true });
  try {
    signal.throwIfAborted();
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', abort);
    // Given up: how it ends is nobody's concern.
    work.catch(() => undefined);
  }
};

/** Keeps what is to be put away; what comes after the end is put away at once. */
const createCleanups = (onError: (error: unknown) => void) => {
  const works: (() => unknown)[] = [];
  let isOver = false;
  const undo = async (work: () => unknown): Promise<void> => {
    try {
      await work();
    } catch (error) {
      onError(error);
    }
  };
  return {
    add: (work: () => unknown): void => {
      if (isOver) void undo(work);
      else works.push(work);
    },
    end: async (): Promise<void> => {
      isOver = true;
      for (const work of works.toReversed()) await undo(work);
    },
  };
};

/** Runs groups one after the other, and puts away what they started, whatever happens. What fails in one hides nothing of the others. */
export const runGroups = async (
  groups: readonly Group[],
  size: Bench['size'],
  { signal, tell }: { readonly signal: AbortSignal; readonly tell: (line: string) => void },
): Promise<Outcome> => {
  const rows = createRows();
  const failures: { group: string; error: unknown }[] = [];
  for (const { name, run } of groups) {
    if (signal.aborted) break;
    tell(`${name} …`);
    const fail = (error: unknown): void => void failures.push({ group: name, error });
    const cleanups = createCleanups(fail);
    const limited = AbortSignal.any([signal, AbortSignal.timeout(limitMinutes[size] * 60_000)]);
    try {
      const bench = { signal: limited, size, cleanup: cleanups.add, row: rows.add };
      await orAborted(run(bench), limited);
    } catch (error) {
      fail(error);
    } finally {
      await cleanups.end();
    }
  }
  return { rows: rows.all(), failures };
};
