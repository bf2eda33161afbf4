import { setImmediate as nextTurn } from 'node:timers/promises';
import type { WorkQueue } from './workqueue.ts';

/**
 * Works off a queue, `count` keys at a time, until `signal` is aborted and what ran then has ended; then it just ends.
 *
 * `work` handles its own failures: one that escapes is a bug and stops all workers.
 */
export const runWorkers = async (
  queue: WorkQueue,
  count: number,
  work: (key: string, signal: AbortSignal) => Promise<void>,
  signal: AbortSignal,
): Promise<void> => {
  const worker = async (): Promise<void> => {
    while (!signal.aborted) {
      const key = await queue.next(signal);
      try {
        await work(key, signal);
      } finally {
        queue.done(key);
      }
      // Work that waits for nothing, as at a start that finds all in order, would let nobody else run until the queue is empty.
      if (queue.depth > 0) await nextTurn();
    }
  };
  const stopping = (error: unknown): void => {
    if (!signal.aborted) throw error;
  };
  await Promise.all([queue.run(signal), ...Array.from({ length: count }, () => worker().catch(stopping))]);
};
