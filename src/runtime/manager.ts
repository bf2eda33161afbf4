import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';

/** Something that works until its signal is aborted and then ends without rejecting. */
export interface Runnable {
  readonly name: string;
  run(signal: AbortSignal): Promise<void>;
}

/** A runnable that others wait for. */
export interface Source {
  run(signal: AbortSignal): Promise<void>;
  synced(): Promise<void>;
  /** Also resolves when it may not be read. */
  settled(): Promise<void>;
}

export type ManagerOptions = {
  /** Started first; the runnables start when all of them have synced. */
  readonly sources: readonly Source[];
  /** Started with them; the runnables do without those that may not be read. Default none. */
  readonly optionalSources?: readonly Source[] | undefined;
  readonly runnables: readonly Runnable[];
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long after the abort the parts may take to stop. Default 5 s. */
  readonly graceMs?: number | undefined;
};

/** Resolves when `signal` is aborted. */
export const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });

/**
 * Runs informers, then what depends on them, until `signal` is aborted; ends when all have stopped, or after the grace period.
 *
 * @throws whatever a part rejects with: that is a bug, and the others are stopped.
 */
export const runManager = async (options: ManagerOptions, signal: AbortSignal): Promise<void> => {
  const { sources, optionalSources = [], runnables, clock, logger, graceMs = 5_000 } = options;
  const broken = new AbortController();
  const inner = AbortSignal.any([signal, broken.signal]);
  const active = new Set<string>();

  const start = async (name: string, run: (signal: AbortSignal) => Promise<void>): Promise<void> => {
    active.add(name);
    try {
      await run(inner);
    } catch (error) {
      broken.abort(error);
      throw error;
    } finally {
      active.delete(name);
    }
  };

  const dependents = async (): Promise<void> => {
    const ready = [
      ...sources.map((source) => source.synced()),
      ...optionalSources.map((source) => source.settled()),
    ];
    await Promise.race([Promise.all(ready), aborted(inner)]);
    if (inner.aborted) return;
    await Promise.all(runnables.map((part) => start(part.name, (stop) => part.run(stop))));
  };

  const all = Promise.all([
    ...[...sources, ...optionalSources].map((source, index) =>
      start(`informer ${index + 1}`, (stop) => source.run(stop)),
    ),
    dependents(),
  ]);
  const settled = all.then(
    () => undefined,
    () => undefined,
  );
  await aborted(inner);
  const timer = new AbortController();
  const expired = clock.sleep(graceMs, timer.signal).then(
    () => logger.warn({ parts: [...active] }, 'parts did not stop in time'),
    () => undefined,
  );
  await Promise.race([settled, expired]);
  timer.abort();
  if (broken.signal.aborted && !signal.aborted) throw broken.signal.reason;
};
