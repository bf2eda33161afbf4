import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStoreError } from './errors.ts';
import type { RevisionLog } from './revision-log.ts';

/** How much of the past is kept, for watches that resume and lists that go on: whichever limit is reached first. */
export type Retention = {
  /** Milliseconds that a change is kept, give or take a tenth. */
  readonly retentionMs: number;
  /** Changes that are kept, give or take those of a tenth of that time. */
  readonly maxRevisions: number;
};

/** Five minutes as in a Kubernetes cluster; the number keeps a burst of large objects from filling the disk. */
export const defaultRetention: Retention = { retentionMs: 300_000, maxRevisions: 50_000 };

/** Forgets the past up to a revision, in small steps between which others have their turn. */
export const compactTo = async (log: RevisionLog, revision: number, signal: AbortSignal): Promise<void> => {
  signal.throwIfAborted();
  while (log.compactStep(revision)) {
    await nextTurn();
    signal.throwIfAborted();
  }
};

/** Compacts from time to time until `signal` is aborted, and then just ends. A failure is logged and tried again the next time. */
export const keepCompacted = async (
  log: RevisionLog,
  { retentionMs, maxRevisions }: Retention,
  clock: Clock,
  logger: Logger | undefined,
  signal: AbortSignal,
): Promise<void> => {
  const marks: { readonly atMs: number; readonly revision: number }[] = [];
  while (!signal.aborted) {
    const nowMs = clock.monotonic();
    marks.push({ atMs: nowMs, revision: log.last });
    const expired = marks.findLastIndex(({ atMs }) => atMs <= nowMs - retentionMs);
    const [oldest] = marks.splice(0, expired + 1).slice(-1);
    try {
      await compactTo(log, Math.max(oldest?.revision ?? 0, log.last - maxRevisions), signal);
    } catch (error) {
      if (signal.aborted) return;
      if (!isStoreError(error, 'unavailable')) throw error;
      logger?.warn({ err: error }, 'compaction failed');
    }
    // Only an abort ends it early, and the loop with it.
    await clock.sleep(retentionMs / 10, signal).catch(() => undefined);
  }
};
