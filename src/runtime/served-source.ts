import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import type { Source } from './manager.ts';

export type ServedSourceOptions = {
  readonly source: Source;
  /** Whether what the source reads is there now; rejects when that cannot be said. */
  readonly isServed: (signal: AbortSignal) => Promise<boolean>;
  readonly clock: Clock;
  readonly logger: Logger;
};

/** How often it is looked whether a kind came or went, and how soon again after a failure. */
const lookIntervalMs = 30_000;
const retryMs = 2_000;

/** A source that runs only while what it reads is there, such as a kind that is installed later. Nobody waits for one that is not. */
export const whileServed = ({ source, isServed, clock, logger }: ServedSourceOptions): Source => {
  const absent = Promise.withResolvers<void>();
  const unclear = Promise.withResolvers<void>();
  const start = (signal: AbortSignal) => {
    const stop = new AbortController();
    const ended = source.run(AbortSignal.any([signal, stop.signal]));
    return {
      stop: async (): Promise<void> => {
        stop.abort(new Error('no longer served'));
        await ended;
      },
    };
  };
  let running: ReturnType<typeof start> | undefined;

  const look = async (signal: AbortSignal): Promise<number> => {
    try {
      const isThere = await isServed(signal);
      if (isThere) running ??= start(signal);
      else {
        await running?.stop();
        running = undefined;
        absent.resolve();
      }
      return lookIntervalMs;
    } catch (error) {
      signal.throwIfAborted();
      unclear.resolve();
      logger.warn({ err: error }, 'cannot ask what is served: trying again');
      return retryMs;
    }
  };

  return {
    synced: () => Promise.race([absent.promise, source.synced()]),
    settled: () => Promise.race([absent.promise, unclear.promise, source.settled()]),
    run: async (signal) => {
      try {
        while (!signal.aborted) await clock.sleep(await look(signal), signal);
      } catch (error) {
        if (!signal.aborted) throw error;
      } finally {
        await running?.stop();
        running = undefined;
      }
    },
  };
};
