import { setTimeout as wait } from 'node:timers/promises';

/** Where time comes from. Everything that reads or waits for time gets one, so that tests can drive it. */
export type Clock = {
  /** Milliseconds since the Unix epoch. */
  readonly now: () => number;
  /** Milliseconds of a clock that never jumps; only differences mean something. */
  readonly monotonic: () => number;
  /** Resolves after `ms`; rejects with `signal.reason` if aborted first. */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>;
};

/** Longest delay that a Node timer can hold; a longer wait is done in steps. */
const maxTimerMs = 2 ** 31 - 1;

/** The machine's own clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonic: () => performance.now(),
  sleep: async (ms, signal) => {
    signal.throwIfAborted();
    try {
      for (let left = ms; left > 0; left -= maxTimerMs) {
        await wait(Math.min(left, maxTimerMs), undefined, { signal });
      }
    } catch (error) {
      // Node rejects with an AbortError that only carries the reason as its cause: callers are promised the reason.
      signal.throwIfAborted();
      throw error;
    }
  },
};

/** RFC 3339 in UTC with second precision, as the Kubernetes API writes times. */
export const formatTime = (epochMs: number): string =>
  new Date(epochMs).toISOString().replace(/\.\d{3}Z$/, 'Z');
