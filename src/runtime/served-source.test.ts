import { describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { whileServed } from './served-source.ts';

const setUp = () => {
  const clock = createManualClock();
  const stop = new AbortController();
  const state = { isServed: false as boolean | Error, running: 0, starts: 0 };
  const source = {
    synced: () => new Promise<void>(() => undefined),
    settled: () => new Promise<void>(() => undefined),
    run: async (signal: AbortSignal): Promise<void> => {
      state.running += 1;
      state.starts += 1;
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      state.running -= 1;
    },
  };
  const isServed = async (): Promise<boolean> => {
    if (state.isServed instanceof Error) throw state.isServed;
    return state.isServed;
  };
  const served = whileServed({ source, isServed, clock, logger: createRecordingLogger() });
  return { clock, state, stop, served, ended: served.run(stop.signal) };
};

describe('whileServed', () => {
  it('lets nobody wait for what is not there', async () => {
    const { served, stop, ended, state } = setUp();
    await served.synced();
    await served.settled();
    expect(state.running).toBe(0);
    stop.abort(new Error('over'));
    await ended;
  });

  it('runs the source when what it reads appears, stops it when that goes, and starts it again', async () => {
    const { clock, state, stop, ended } = setUp();
    state.isServed = true;
    await clock.advance(30_000);
    expect(state).toMatchObject({ running: 1, starts: 1 });
    state.isServed = false;
    await clock.advance(30_000);
    expect(state.running).toBe(0);
    state.isServed = true;
    await clock.advance(60_000);
    expect(state).toMatchObject({ running: 1, starts: 2 });
    stop.abort(new Error('over'));
    await ended;
    expect(state.running).toBe(0);
  });

  it('asks again soon when nobody can say, and keeps what runs', async () => {
    const { clock, state, stop, ended } = setUp();
    state.isServed = true;
    await clock.advance(30_000);
    state.isServed = new Error('the API is down');
    await clock.advance(30_000);
    await settle();
    expect(state).toMatchObject({ running: 1, starts: 1 });
    stop.abort(new Error('over'));
    await ended;
  });
});
