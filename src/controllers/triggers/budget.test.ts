import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { createPatchBudget } from './budget.ts';

const setUp = (perMinute: number) => {
  const clock = createManualClock();
  return { clock, budget: createPatchBudget({ perMinute, clock }) };
};

describe('the budget of patches', () => {
  it('lets so many through per minute and namespace, and says when to ask again', async () => {
    const { clock, budget } = setUp(2);
    expect(budget.take('a', '1', 0)).toBe(0);
    await clock.advance(10_000);
    expect(budget.take('a', '2', 0)).toBe(0);
    expect(budget.take('a', '3', 0)).toBe(50_000);
    expect(budget.take('b', '1', 0)).toBe(0);
    await clock.advance(49_999);
    expect(budget.take('a', '3', 0)).toBe(1);
    await clock.advance(1);
    expect(budget.take('a', '3', 0)).toBe(0);
  });

  it('lets those go first that are due longest, whoever asks first', async () => {
    const { clock, budget } = setUp(1);
    expect(budget.take('a', 'x', 0)).toBe(0);
    expect(budget.take('a', 'young', 300)).toBe(60_000);
    expect(budget.take('a', 'old', 100)).toBe(60_000);
    await clock.advance(60_000);
    expect(budget.take('a', 'young', 300)).toBeGreaterThan(0);
    expect(budget.take('a', 'old', 100)).toBe(0);
    expect(budget.take('a', 'young', 300)).toBe(60_000);
  });

  it('never lets more through in any minute, and everything in the end', async () => {
    const { clock, budget } = setUp(5);
    const left = new Map(Array.from({ length: 23 }, (_, index) => [`w${index}`, 0]));
    const sent: number[] = [];
    let asks = 0;
    while (left.size > 0) {
      for (const [id, atMs] of left) {
        if (atMs > clock.monotonic()) continue;
        asks += 1;
        const waitMs = budget.take('a', id, 0);
        if (waitMs === 0) {
          left.delete(id);
          sent.push(clock.monotonic());
        } else left.set(id, clock.monotonic() + waitMs);
      }
      await clock.advance(1_000);
    }
    expect(sent).toHaveLength(23);
    for (const from of sent)
      expect(sent.filter((at) => at >= from && at < from + 60_000).length).toBeLessThanOrEqual(5);
    expect(clock.monotonic()).toBeLessThan(5 * 60_000);
    expect(asks).toBeLessThan(23 * 3);
  });

  it('shows what waits, and forgets what needs nothing any more', async () => {
    const { clock, budget } = setUp(1);
    budget.take('a', 'x', 0);
    budget.take('a', 'y', 0);
    await clock.advance(7_000);
    expect(budget.waiting()).toEqual({ count: 1, longestMs: 7_000 });
    budget.forget('a', 'y');
    expect(budget.waiting()).toEqual({ count: 0, longestMs: 0 });
  });

  it('limits nothing when it is 0', () => {
    const { budget } = setUp(0);
    for (let index = 0; index < 100; index += 1) expect(budget.take('a', String(index), 0)).toBe(0);
  });
});
