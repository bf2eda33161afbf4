import { exponentialBackoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';

const backoff = exponentialBackoff({ baseMs: 500, maxMs: 30_000, jitter: 0.5 });

/** A pause that all streams of one sink share. */
export type SinkPause = {
  /** Milliseconds until the sink may be tried again; 0: now. */
  readonly leftMs: () => number;
  readonly isDown: () => boolean;
  /** The sink could not be reached; it asked to be left alone for `retryAfterMs`. */
  readonly failed: (retryAfterMs?: number) => void;
  readonly worked: () => void;
};

/** One pause for the whole sink: streams that wait for one that is down do not each try it. */
export const createPause = (clock: Clock): SinkPause => {
  let untilMs = 0;
  let failures = 0;
  return {
    leftMs: () => Math.max(0, untilMs - clock.monotonic()),
    isDown: () => failures > 0,
    failed: (retryAfterMs = 0) => {
      failures += 1;
      untilMs = clock.monotonic() + Math.max(retryAfterMs, backoff(failures));
    },
    worked: () => {
      failures = 0;
      untilMs = 0;
    },
  };
};
