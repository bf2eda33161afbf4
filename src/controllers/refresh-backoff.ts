import type { Status } from '../api/status.ts';
import { nextSlot, type Refresh } from '../importer/index.ts';
import { delayAfter, isTransient } from './failure-class.ts';

/** After a failure a source is asked this often at least, however long its interval is. */
const longestIntervalMs = 60 * 60_000;

/** A refresh that failed. */
export type FailedRefresh = {
  readonly refresh: Refresh;
  readonly status: Status;
  /** Failures in a row, this one included. */
  readonly attempt: number;
  /** The slot that it had. */
  readonly slotMs: number;
};

/**
 * When a refresh that failed is tried again, in milliseconds since the epoch: in a slot of its own: the next one in an outage, else the
 * first one after the delay of its class. So those that failed together do not come back together, and an outage costs no more requests than none. With an interval above an hour the slots are
 * those of an hour, so that a moment's failure does not cost a day.
 */
export const nextTry = ({ refresh, status, attempt, slotMs }: FailedRefresh, nowMs: number): number => {
  const often = { ...refresh, intervalMs: Math.min(refresh.intervalMs, longestIntervalMs) };
  const askedMs = (status.details?.retryAfterSeconds ?? 0) * 1000;
  const reason = status.reason ?? 'InternalError';
  // An outage costs what normal work costs: its next slot will do, and the registry's gate slows all down together.
  const fromSlotMs = slotMs + (isTransient(reason) ? 0 : delayAfter(reason, attempt));
  return nextSlot(often, Math.max(nowMs, fromSlotMs - 1, nowMs + askedMs - 1));
};
