import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import type { Clock } from '../lib/clock.ts';
import { StoreError } from '../store/errors.ts';
import { LeaderElection, type LeaseKeeper, leaseMs, renewMs, type StoredLease } from './leader-election.ts';

/** A lease in memory; `fail` makes every request fail. */
const createKeeper = () => {
  let stored: StoredLease | undefined;
  let version = 0;
  const state = { fail: false };
  const check = (): void => {
    if (state.fail) throw new StoreError('unavailable', 'no answer');
  };
  const keeper: LeaseKeeper = {
    read: async () => {
      check();
      return stored;
    },
    create: async (lease) => {
      check();
      if (stored !== undefined) throw new StoreError('already-exists', 'there is one');
      version += 1;
      stored = { ...lease, version: String(version) };
      return stored;
    },
    update: async (lease) => {
      check();
      if (lease.version !== stored?.version) throw new StoreError('conflict', 'changed');
      version += 1;
      stored = { ...lease, version: String(version) };
      return stored;
    },
  };
  return { keeper, state, stored: () => stored };
};

const running: AbortController[] = [];
afterEach(() => {
  for (const stop of running.splice(0)) stop.abort(new Error('the test is over'));
});

const clock = createManualClock();

const start = (keeper: LeaseKeeper, identity: string, time: Clock = clock) => {
  const election = new LeaderElection({ keeper, identity, clock: time, logger: createRecordingLogger() });
  const stop = new AbortController();
  running.push(stop);
  const terms: AbortSignal[] = [];
  const ended = election.run(async (signal) => {
    terms.push(signal);
    await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
  }, stop.signal);
  return { election, stop: () => stop.abort(new Error('stop')), ended, terms };
};

describe('LeaderElection', () => {
  it('has one of two candidates lead, and keeps it leading', async () => {
    const { keeper, stored } = createKeeper();
    const first = start(keeper, 'first');
    await clock.advance(100);
    const second = start(keeper, 'second');
    await clock.advance(60_000);
    expect(first.terms).toHaveLength(1);
    expect(first.terms[0]?.aborted).toBe(false);
    expect(second.terms).toHaveLength(0);
    expect(stored()).toMatchObject({ holder: 'first', durationMs: leaseMs, transitions: 0 });
    expect(() => first.election.assertLeading()).not.toThrow();
    expect(() => second.election.assertLeading()).toThrow('not the leader any more');
  });

  it('hands over within two seconds when the leader is told to stop', async () => {
    const { keeper, stored } = createKeeper();
    const first = start(keeper, 'first');
    await clock.advance(100);
    const second = start(keeper, 'second');
    await clock.advance(5_000);
    first.stop();
    await first.ended;
    await clock.advance(2_000);
    expect(second.terms).toHaveLength(1);
    expect(stored()).toMatchObject({ holder: 'second', transitions: 1 });
  });

  it('hands over within fifteen seconds when the leader is gone', async () => {
    const { keeper } = createKeeper();
    // Took the lease and never wrote again: a process that was killed.
    start({ ...keeper, update: () => new Promise(() => undefined) }, 'first');
    await clock.advance(100);
    const second = start(keeper, 'second');
    await clock.advance(leaseMs - 1_000);
    expect(second.terms).toHaveLength(0);
    await clock.advance(6_000);
    expect(second.terms).toHaveLength(1);
  });

  it('stops work before others may begin when the lease cannot be renewed', async () => {
    const { keeper, state } = createKeeper();
    const { election, terms } = start(keeper, 'first');
    await clock.advance(100);
    state.fail = true;
    await clock.advance(renewMs - 2_000);
    expect(() => election.assertLeading()).not.toThrow();
    await clock.advance(2_000);
    expect(() => election.assertLeading()).toThrow('not the leader any more');
    await clock.advance(2_000);
    expect(terms[0]?.aborted).toBe(true);
    expect(election.failingSince).toBeDefined();
  });

  it('leads again in the same process once the API is back', async () => {
    const { keeper, state } = createKeeper();
    const { terms, election } = start(keeper, 'first');
    await clock.advance(100);
    state.fail = true;
    await clock.advance(30_000);
    state.fail = false;
    await clock.advance(3_000);
    expect(terms).toHaveLength(2);
    expect(terms[1]?.aborted).toBe(false);
    expect(election.failingSince).toBeUndefined();
  });

  it('stops work at once when another is seen to hold the lease', async () => {
    const { keeper, stored } = createKeeper();
    const { terms } = start(keeper, 'first');
    await clock.advance(100);
    const held = stored();
    if (held === undefined) throw new Error('no lease');
    await keeper.update({ ...held, holder: 'other' }, AbortSignal.timeout(1_000));
    await clock.advance(2_500);
    expect(terms[0]?.aborted).toBe(true);
    expect(stored()?.holder).toBe('other');
  });

  it('refuses writes after a pause, before it knows who leads', async () => {
    const { keeper } = createKeeper();
    let pausedMs = 0;
    const { election } = start(keeper, 'first', { ...clock, monotonic: () => clock.monotonic() + pausedMs });
    await clock.advance(100);
    expect(() => election.assertLeading()).not.toThrow();
    // Time goes on while a paused process runs none of its timers: the first thing that it does afterwards is the write.
    pausedMs = renewMs;
    expect(() => election.assertLeading()).toThrow(StoreError);
  });
});
