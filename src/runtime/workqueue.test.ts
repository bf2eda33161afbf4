import { describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../test/fakes/clock.ts';
import type { RuntimeEvent } from './events.ts';
import { WorkQueue, type WorkQueueOptions } from './workqueue.ts';

const aQueue = (options: Partial<WorkQueueOptions> = {}) => {
  const clock = createManualClock();
  const events: RuntimeEvent[] = [];
  const queue = new WorkQueue({ name: 'test', clock, onEvent: (event) => events.push(event), ...options });
  const stop = new AbortController();
  const running = queue.run(stop.signal);
  /** Takes what can be taken now. */
  const drain = async (): Promise<string[]> => {
    const keys: string[] = [];
    while (queue.depth > 0) keys.push(await queue.next(stop.signal));
    return keys;
  };
  return { clock, events, queue, stop, running, drain };
};

describe('WorkQueue', () => {
  it('gives keys in the order they were added, each once', async () => {
    const { queue, drain } = aQueue();
    for (const key of ['a', 'b', 'a', 'c', 'b']) queue.add(key);
    expect(await drain()).toEqual(['a', 'b', 'c']);
  });

  it('holds a key back while it is worked on, and gives it again afterwards', async () => {
    const { queue, stop } = aQueue();
    queue.add('a');
    expect(await queue.next(stop.signal)).toBe('a');
    queue.add('a');
    queue.add('a');
    expect(queue.depth).toBe(0);
    queue.done('a');
    expect(queue.depth).toBe(1);
    expect(await queue.next(stop.signal)).toBe('a');
    queue.done('a');
    expect(queue.depth).toBe(0);
  });

  it('hands a key to a worker that waits already', async () => {
    const { queue, stop } = aQueue();
    const first = queue.next(stop.signal);
    const second = queue.next(stop.signal);
    queue.add('a');
    queue.add('b');
    expect(await Promise.all([first, second])).toEqual(['a', 'b']);
  });

  it('rejects a waiting worker with the reason of its signal, and loses no key by it', async () => {
    const { queue, stop } = aQueue();
    const worker = new AbortController();
    const waiting = queue.next(worker.signal);
    const reason = new Error('stopped');
    worker.abort(reason);
    await expect(waiting).rejects.toBe(reason);
    queue.add('a');
    expect(await queue.next(stop.signal)).toBe('a');
  });

  it('adds a delayed key when its time comes; the earliest of several delays counts', async () => {
    const { clock, queue, drain } = aQueue();
    queue.addAfter('a', 1_000);
    queue.addAfter('a', 5_000);
    queue.addAfter('b', 5_000);
    queue.addAfter('b', 500);
    await clock.advance(499);
    expect(await drain()).toEqual([]);
    await clock.advance(1);
    expect(await drain()).toEqual(['b']);
    await clock.advance(500);
    expect(await drain()).toEqual(['a']);
    queue.done('a');
    queue.done('b');
    await clock.advance(60_000);
    expect(queue.depth).toBe(0);
  });

  it('waits longer from one retry to the next, until the key is forgotten', async () => {
    const { clock, queue, drain } = aQueue({ backoff: (attempt) => 100 * 2 ** (attempt - 1) });
    for (const delayMs of [100, 200, 400]) {
      queue.retry('a');
      await clock.advance(delayMs - 1);
      expect(await drain()).toEqual([]);
      await clock.advance(1);
      expect(await drain()).toEqual(['a']);
      queue.done('a');
    }
    queue.forget('a');
    expect(queue.retry('a')).toBe(1);
    await clock.advance(100);
    expect(await drain()).toEqual(['a']);
  });

  it('lets groups take turns: many keys of one do not delay the one key of another', async () => {
    const { queue, drain } = aQueue({ groupOf: (key) => key.split('/')[0] ?? '' });
    for (let index = 0; index < 5; index += 1) queue.add(`big/${index}`);
    queue.add('small/0');
    queue.add('small/1');
    expect(await drain()).toEqual(['big/0', 'small/0', 'big/1', 'small/1', 'big/2', 'big/3', 'big/4']);
  });

  it('works on no more keys of one group than allowed, and goes on when one is done', async () => {
    const { queue, stop } = aQueue({ groupOf: (key) => key.split('/')[0] ?? '', maxPerGroup: 2 });
    for (let index = 0; index < 4; index += 1) queue.add(`slow/${index}`);
    const taken = [await queue.next(stop.signal), await queue.next(stop.signal)];
    expect(taken).toEqual(['slow/0', 'slow/1']);
    let third: string | undefined;
    void queue.next(stop.signal).then((key) => {
      third = key;
    });
    await settle();
    expect(third).toBeUndefined();
    queue.add('other/0');
    await settle();
    expect(third).toBe('other/0');
    const fourth = queue.next(stop.signal);
    queue.done('slow/0');
    expect(await fourth).toBe('slow/2');
  });

  it('tells depth, waiting time and working time', async () => {
    const { clock, events, queue, stop } = aQueue();
    queue.add('a');
    await clock.advance(30);
    await queue.next(stop.signal);
    await clock.advance(70);
    queue.done('a');
    expect(events).toEqual([
      { type: 'queue-add', queue: 'test', depth: 1 },
      { type: 'queue-get', queue: 'test', depth: 0, waitedMs: 30 },
      { type: 'queue-done', queue: 'test', durationMs: 70 },
    ]);
  });
});
