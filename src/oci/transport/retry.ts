import { type Backoff, exponentialBackoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { RegistryError } from '../errors.ts';
import { retryAfterOf } from './retry-after.ts';
import type { Layer, RegistryResponse } from './send.ts';

/** How a try ended. */
export type Outcome =
  | { readonly ok: true; readonly response: RegistryResponse }
  | { readonly ok: false; readonly error: RegistryError };

/** Milliseconds until the next try, or `undefined`: this outcome is the answer. */
export type RetryPolicy = (attempt: number, outcome: Outcome, nowMs: number) => number | undefined;

const transientStatuses: ReadonlySet<number> = new Set([429, 500, 502, 503, 504]);

/**
 * Repeats what may pass by itself: connections that failed, 5xx and 429. A registry that asks for a longer wait than
 * `maxDelayMs` gets it from whoever scheduled the work, not from a request that hangs.
 *
 * Time-outs are not repeated: the caller has waited long enough to be told.
 */
export const defaultRetryPolicy = (
  options: { readonly attempts?: number; readonly maxDelayMs?: number; readonly backoff?: Backoff } = {},
): RetryPolicy => {
  const {
    attempts = 3,
    maxDelayMs = 10_000,
    backoff = exponentialBackoff({ baseMs: 250, maxMs: 5_000, jitter: 0.5 }),
  } = options;
  return (attempt, outcome, nowMs) => {
    if (attempt >= attempts) return undefined;
    if (!outcome.ok) return outcome.error.code === 'unavailable' ? backoff(attempt) : undefined;
    const { response } = outcome;
    if (!transientStatuses.has(response.status)) return undefined;
    const delayMs = retryAfterOf(response, nowMs) ?? backoff(attempt);
    return delayMs <= maxDelayMs ? delayMs : undefined;
  };
};

/** Repeats a request while `policy` asks for it. Aborting also ends the wait. */
export const withRetry =
  (policy: RetryPolicy, clock: Clock): Layer =>
  (next) =>
  async (request, signal) => {
    const settle = async (): Promise<Outcome> => {
      try {
        return { ok: true, response: await next(request, signal) };
      } catch (error) {
        if (error instanceof RegistryError) return { ok: false, error };
        throw error;
      }
    };
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await settle();
      const delayMs = policy(attempt, outcome, clock.now());
      if (delayMs === undefined) {
        if (outcome.ok) return outcome.response;
        throw outcome.error;
      }
      await clock.sleep(delayMs, signal);
    }
  };
