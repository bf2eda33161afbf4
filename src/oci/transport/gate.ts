import PQueue from 'p-queue';
import { type Backoff, exponentialBackoff } from '../../lib/backoff.ts';
import type { Clock } from '../../lib/clock.ts';
import { parseRetryAfter } from './retry-after.ts';
import { type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';

/** How much a registry host is asked at a time. */
export type GateOptions = {
  /** Requests in flight. */
  readonly concurrency: number;
  /** How long a request waits for a pause to end before it fails as `rate-limited`. */
  readonly maxPauseWaitMs: number;
  readonly clock: Clock;
};

/** What all requests to one registry host pass through. */
export type Gate = {
  readonly send: (next: Send, request: RegistryRequest, signal: AbortSignal) => Promise<RegistryResponse>;
  /** Whether nothing is under way and nothing would be forgotten with it. */
  readonly isIdle: () => boolean;
};

const priorities = { interactive: 1, scheduled: 0 } as const;

/** Pauses after a 429 that does not say how long. */
const pauseBackoff: Backoff = exponentialBackoff({ baseMs: 1_000, maxMs: 60_000 });

/** Lets a number of requests through at a time, and none while the host wants a pause. */
export const createGate = ({ concurrency, maxPauseWaitMs, clock }: GateOptions): Gate => {
  const queue = new PQueue({ concurrency });
  /** Requests between entering and leaving; the queue itself counts one that has just ended. */
  let inside = 0;
  /** On the monotonic clock; in the past where there is no pause. */
  let pausedUntilMs = Number.NEGATIVE_INFINITY;
  /** 429s in a row. */
  let strikes = 0;

  const awaitPause = async (request: RegistryRequest, signal: AbortSignal): Promise<void> => {
    for (;;) {
      const leftMs = pausedUntilMs - clock.monotonic();
      if (leftMs <= 0) return;
      if (leftMs > maxPauseWaitMs) {
        const problem = `the registry asked for a pause, which ends in ${Math.ceil(leftMs / 1000)} s`;
        throw requestError(request, 'rate-limited', problem, {
          fault: 'paused',
          retryAfterMs: Math.ceil(leftMs),
        });
      }
      // The place is kept meanwhile: while the host is paused nobody else could use it.
      await clock.sleep(leftMs, signal);
    }
  };

  const pause = (ms: number): void => {
    pausedUntilMs = Math.max(pausedUntilMs, clock.monotonic() + ms);
  };

  const learn = ({ status, headers }: RegistryResponse): void => {
    const askedMs = parseRetryAfter(headers['retry-after'], clock.now());
    if (status === 429) {
      strikes += 1;
      pause(askedMs ?? pauseBackoff(strikes));
    } else if (status === 503 && askedMs !== undefined) {
      pause(askedMs);
    } else if (status < 500) {
      strikes = 0;
    }
  };

  return {
    send: async (next, request, signal) => {
      inside += 1;
      try {
        return await queue.add(
          async () => {
            await awaitPause(request, signal);
            const response = await next(request, signal);
            learn(response);
            return response;
          },
          { signal, priority: priorities[request.access.priority ?? 'scheduled'] },
        );
      } finally {
        inside -= 1;
      }
    },
    isIdle: () => inside === 0 && strikes === 0 && pausedUntilMs <= clock.monotonic(),
  };
};
