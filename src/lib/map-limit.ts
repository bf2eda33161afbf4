import { linkSignal } from './linked-signal.ts';

/**
 * Maps `items` through `work`, at most `limit` at a time, keeping their order.
 *
 * Rejects with the first failure, after aborting the signal that the others were given.
 */
export const mapLimit = async <Item, Result>(
  items: readonly Item[],
  limit: number,
  work: (item: Item, signal: AbortSignal) => Promise<Result>,
  signal: AbortSignal,
): Promise<readonly Result[]> => {
  const results = Array.from<Result>({ length: items.length });
  const { signal: inner, abort, release } = linkSignal(signal);
  const queue = items.entries();
  const worker = async (): Promise<void> => {
    for (const [index, item] of queue) {
      inner.throwIfAborted();
      results[index] = await work(item, inner);
    }
  };
  const workers = Array.from({ length: Math.min(limit, items.length) }, worker);
  try {
    await Promise.all(workers);
  } catch (error) {
    abort(error);
    await Promise.allSettled(workers);
    throw error;
  } finally {
    release();
  }
  return results;
};
