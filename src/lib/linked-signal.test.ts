import { getEventListeners } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { limitSignal, linkSignal } from './linked-signal.ts';

describe('linkSignal', () => {
  it('is aborted with the other, for its reason', () => {
    const parent = new AbortController();
    const { signal } = linkSignal(parent.signal);
    expect(signal.aborted).toBe(false);
    const reason = new Error('enough');
    parent.abort(reason);
    expect(signal.reason).toBe(reason);
  });

  it('is aborted from the start where the other is', () => {
    const reason = new Error('enough');
    expect(linkSignal(AbortSignal.abort(reason)).signal.reason).toBe(reason);
  });

  it('is aborted by itself, which the other does not notice', () => {
    const parent = new AbortController();
    const { signal, abort } = linkSignal(parent.signal);
    abort(new Error('own'));
    expect(signal.aborted).toBe(true);
    expect(parent.signal.aborted).toBe(false);
  });

  it('leaves nothing behind when it is released', () => {
    const parent = new AbortController();
    const { signal, release } = linkSignal(parent.signal);
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(1);
    release();
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    parent.abort();
    expect(signal.aborted).toBe(false);
  });
});

describe('limitSignal', () => {
  /** Resolves when a limit of that time has ended, and with it those that are shorter and began before. */
  const over = async (timeoutMs: number): Promise<void> => {
    await new Promise((resolve) => {
      limitSignal(new AbortController().signal, timeoutMs).signal.addEventListener('abort', resolve);
      // What waits keeps the program running, and a limit does not.
      const keep = setInterval(() => undefined, 1000);
      onTestFinished(() => clearInterval(keep));
    });
  };

  it('is aborted when the time is over, and says so', async () => {
    const { signal, isOver } = limitSignal(new AbortController().signal, 1);
    expect([signal.aborted, isOver()]).toEqual([false, false]);
    await over(5);
    expect([signal.aborted, isOver()]).toEqual([true, true]);
    expect(signal.reason).toMatchObject({ name: 'TimeoutError', message: 'not done within 1 ms' });
  });

  it('does not take the end of the other for the end of its time', async () => {
    const parent = new AbortController();
    const { signal, isOver } = limitSignal(parent.signal, 1);
    const reason = new Error('enough');
    parent.abort(reason);
    await over(5);
    expect(signal.reason).toBe(reason);
    expect(isOver()).toBe(false);
  });

  it('leaves nothing behind when it is released', async () => {
    const parent = new AbortController();
    const { signal, release } = limitSignal(parent.signal, 1);
    release();
    expect(getEventListeners(parent.signal, 'abort')).toHaveLength(0);
    await over(5);
    expect(signal.aborted).toBe(false);
  });
});
