import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { runWorkers } from './workers.ts';
import { WorkQueue } from './workqueue.ts';

const setUp = (keys: number, workers: number) => {
  const queue = new WorkQueue({ name: 'test', clock: createManualClock(), onEvent: () => undefined });
  const worked: string[] = [];
  const stop = new AbortController();
  for (let index = 0; index < keys; index += 1) queue.add(`shop/app${index}`);
  const work = async (key: string): Promise<void> => void worked.push(key);
  const running = runWorkers(queue, workers, work, stop.signal);
  const end = async (): Promise<void> => {
    stop.abort(new Error('the test is over'));
    await running;
  };
  return { worked, end };
};

describe('runWorkers', () => {
  it('lets others run between keys whose work waits for nothing', async () => {
    const { worked, end } = setUp(100, 4);
    await nextTurn();
    expect(worked.length).toBeGreaterThan(0);
    expect(worked.length).toBeLessThan(20);
    await end();
  });

  it('works off everything, each key once', async () => {
    const { worked, end } = setUp(100, 4);
    while (worked.length < 100) await nextTurn();
    expect(new Set(worked).size).toBe(100);
    await end();
  });

  it('leaves the rest alone once it is told to stop', async () => {
    const { worked, end } = setUp(100, 4);
    await end();
    const done = worked.length;
    await nextTurn();
    expect(worked.length).toBe(done);
  });
});
