import { describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { type Runnable, runManager, type Source } from './manager.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => signal.addEventListener('abort', () => resolve(), { once: true }));

const setUp = (sources: readonly Source[], runnables: readonly Runnable[]) => {
  const clock = createManualClock();
  const logger = createRecordingLogger();
  const stop = new AbortController();
  let ended = false;
  const running = runManager({ sources, runnables, clock, logger }, stop.signal).finally(() => {
    ended = true;
  });
  return { clock, logger, stop, running, ended: () => ended };
};

describe('runManager', () => {
  it('starts the runnables when every source has synced, and not before', async () => {
    const first = Promise.withResolvers<void>();
    const second = Promise.withResolvers<void>();
    const started: string[] = [];
    const source = (synced: Promise<void>): Source => ({
      run: untilAborted,
      synced: () => synced,
      settled: () => synced,
    });
    const runnable: Runnable = {
      name: 'work',
      run: (signal) => {
        started.push('work');
        return untilAborted(signal);
      },
    };
    const { stop, running } = setUp([source(first.promise), source(second.promise)], [runnable]);
    await settle();
    first.resolve();
    await settle();
    expect(started).toEqual([]);
    second.resolve();
    await settle();
    expect(started).toEqual(['work']);
    stop.abort();
    await running;
  });

  it('ends while sources have not synced yet', async () => {
    const { stop, running } = setUp(
      [{ run: untilAborted, synced: () => new Promise(() => {}), settled: async () => {} }],
      [],
    );
    await settle();
    stop.abort();
    await running;
  });

  it('waits for parts that still stop, at most five seconds, and names those that did not', async () => {
    const stuck: Runnable = { name: 'stuck', run: () => new Promise(() => {}) };
    const { clock, logger, stop, running, ended } = setUp([], [stuck, { name: 'fine', run: untilAborted }]);
    await settle();
    stop.abort();
    await clock.advance(4_999);
    expect(ended()).toBe(false);
    await clock.advance(1);
    await running;
    expect(logger.lines).toMatchObject([{ level: 'warn', fields: { parts: ['stuck'] } }]);
  });

  it('stops everything and rejects when a part breaks', async () => {
    const bug = new Error('bug');
    let stopped = false;
    const broken: Runnable = {
      name: 'broken',
      run: async () => {
        throw bug;
      },
    };
    const other: Runnable = {
      name: 'other',
      run: async (signal) => {
        await untilAborted(signal);
        stopped = true;
      },
    };
    const { running } = setUp([], [other, broken]);
    await expect(running).rejects.toBe(bug);
    expect(stopped).toBe(true);
  });
});
