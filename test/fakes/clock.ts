import type { Clock } from '../../src/lib/clock.ts';

/** A clock that stands still until it is told to move. */
export type ManualClock = Clock & {
  /** Moves time on, waking sleepers in the order of their deadlines; what they start is let run in between. */
  readonly advance: (ms: number) => Promise<void>;
  /** Sets the time of day, for which nobody who sleeps wakes. */
  readonly jump: (ms: number) => void;
  /** Milliseconds until the first sleeper wakes; `undefined` when nobody sleeps. */
  readonly untilNext: () => number | undefined;
  /** How many callers sleep now. */
  readonly sleeping: () => number;
};

/** Lets everything run that needs no time to pass: promise chains, I/O callbacks. */
export const settle = async (rounds = 20): Promise<void> => {
  for (let round = 0; round < rounds; round += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Waits, without time passing on a manual clock, until `holds`; fails after five real seconds. */
export const eventually = async (holds: () => boolean | Promise<boolean>, what = 'it'): Promise<void> => {
  const giveUpAt = performance.now() + 5_000;
  while (!(await holds())) {
    if (performance.now() > giveUpAt) throw new Error(`${what} did not come to hold within 5 s`);
    await settle(1);
  }
};

type Sleeper = { readonly at: number; readonly wake: () => void };

/** Turns of the event loop that are looked through at once for whoever waits for I/O. */
const busyRounds = 500;

/**
 * Lets time pass on a manual clock until the work is done, but only while somebody sleeps: I/O takes no time. Fails after ten real
 * seconds.
 */
export const runToEnd = async <Value>(clock: ManualClock, work: Promise<Value>): Promise<Value> => {
  let isDone = false;
  const done = (): void => {
    isDone = true;
  };
  work.then(done, done);
  const giveUpAt = performance.now() + 10_000;
  for (let idleRounds = 0; !isDone; idleRounds += 1) {
    // Whoever waits long for I/O leaves the processor to others.
    await (idleRounds < busyRounds ? settle(1) : new Promise((resolve) => setTimeout(resolve, 1)));
    const leftMs = clock.untilNext();
    if (leftMs !== undefined && !isDone) {
      idleRounds = 0;
      await clock.advance(leftMs);
    }
    if (performance.now() > giveUpAt) throw new Error('the work did not end within 10 s');
  }
  return work;
};

/**
 * A {@link ManualClock} that starts at `startMs` (default: 2026-01-01T00:00:00Z). `rounds`: turns of the event loop that those who were
 * woken get before time goes on; where nothing does I/O a few are enough, and much faster.
 */
export const createManualClock = (startMs = Date.UTC(2026, 0, 1), rounds = 20): ManualClock => {
  let elapsedMs = 0;
  let jumpedMs = 0;
  const sleepers = new Set<Sleeper>();

  const sleep = (ms: number, signal: AbortSignal): Promise<void> =>
    new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const sleeper: Sleeper = {
        at: elapsedMs + Math.max(0, ms),
        wake: () => {
          sleepers.delete(sleeper);
          signal.removeEventListener('abort', onAbort);
          resolve();
        },
      };
      const onAbort = (): void => {
        sleepers.delete(sleeper);
        reject(signal.reason);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      sleepers.add(sleeper);
    });

  const advance = async (ms: number): Promise<void> => {
    const target = elapsedMs + ms;
    await settle(rounds);
    for (;;) {
      const next = [...sleepers].filter(({ at }) => at <= target).toSorted((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      elapsedMs = Math.max(elapsedMs, next.at);
      next.wake();
      await settle(rounds);
    }
    elapsedMs = target;
    await settle(rounds);
  };

  return {
    now: () => startMs + jumpedMs + elapsedMs,
    monotonic: () => elapsedMs,
    sleep,
    advance,
    jump: (ms) => {
      jumpedMs += ms;
    },
    untilNext: () =>
      sleepers.size === 0 ? undefined : Math.min(...[...sleepers].map(({ at }) => at)) - elapsedMs,
    sleeping: () => sleepers.size,
  };
};
