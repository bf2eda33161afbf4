import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import { Timetable } from './timetable.ts';

const aTimetable = () => {
  const clock = createManualClock(0);
  const due: string[] = [];
  const timetable = new Timetable({
    clock,
    time: 'wall',
    onDue: (key) => due.push(`${key}@${clock.now()}`),
  });
  const stop = new AbortController();
  const running = timetable.run(stop.signal);
  return { clock, due, timetable, stop, running };
};

describe('Timetable', () => {
  it('calls back at the time of each key, earliest first', async () => {
    const { clock, due, timetable } = aTimetable();
    timetable.set('late', 300);
    timetable.set('early', 100);
    timetable.set('middle', 200);
    await clock.advance(99);
    expect(due).toEqual([]);
    await clock.advance(500);
    expect(due).toEqual(['early@100', 'middle@200', 'late@300']);
  });

  it('lets a later time replace an earlier one, and the other way round', async () => {
    const { clock, due, timetable } = aTimetable();
    timetable.set('a', 100);
    timetable.set('b', 900);
    timetable.set('a', 500);
    timetable.set('b', 50);
    await clock.advance(1_000);
    expect(due).toEqual(['b@50', 'a@500']);
  });

  it('does not call back for a key that was deleted', async () => {
    const { clock, due, timetable } = aTimetable();
    timetable.set('a', 100);
    timetable.delete('a');
    await clock.advance(1_000);
    expect(due).toEqual([]);
    expect(timetable.size).toBe(0);
  });

  it('takes new keys while it waits, with one sleeper for all of them', async () => {
    const { clock, due, timetable } = aTimetable();
    for (let index = 0; index < 50; index += 1) timetable.set(`k${index}`, 10_000 + index);
    await clock.advance(5_000);
    expect(clock.sleeping()).toBe(1);
    timetable.set('new', 6_000);
    await clock.advance(1_000);
    expect(due).toEqual(['new@6000']);
  });

  it('lets a key be set again from its own callback', async () => {
    const clock = createManualClock(0);
    const seen: number[] = [];
    const timetable = new Timetable({
      clock,
      time: 'wall',
      onDue: (key) => {
        seen.push(clock.now());
        timetable.set(key, clock.now() + 100);
      },
    });
    const stop = new AbortController();
    const running = timetable.run(stop.signal);
    timetable.set('a', 100);
    await clock.advance(350);
    stop.abort();
    await running;
    expect(seen).toEqual([100, 200, 300]);
  });

  it('says that the time of day was set, before what that makes due', async () => {
    const clock = createManualClock(0);
    const told: string[] = [];
    const timetable = new Timetable({
      clock,
      time: 'wall',
      onDue: (key) => told.push(`${key}@${clock.now()}`),
      onClockSet: () => {
        told.push('set');
        timetable.set('a', clock.now() + 5_000);
      },
    });
    const stop = new AbortController();
    const running = timetable.run(stop.signal);
    timetable.set('a', 600_000);
    clock.jump(3_600_000);
    await clock.advance(70_000);
    expect(told).toEqual(['set', 'a@3605000']);
    timetable.set('a', clock.now() + 600_000);
    clock.jump(-3_600_000);
    await clock.advance(70_000);
    expect(told.slice(2)).toEqual(['set', 'a@75000']);
    clock.jump(1_000);
    await clock.advance(70_000);
    expect(told).toHaveLength(4);
    stop.abort();
    await running;
  });

  it('ends when told to, waiting for nothing', async () => {
    const { timetable, stop, running } = aTimetable();
    timetable.set('a', 100);
    stop.abort();
    await running;
    expect(timetable.size).toBe(1);
  });

  it('keeps the order of times through any mix of sets and deletes', async () => {
    const step = fc.record({
      key: fc.integer({ min: 0, max: 30 }),
      at: fc.option(fc.integer({ min: 1, max: 1_000 })),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 300 }), async (steps) => {
        const { clock, due, timetable, stop, running } = aTimetable();
        const expected = new Map<string, number>();
        for (const { key, at } of steps) {
          if (at === null) timetable.delete(`k${key}`);
          else timetable.set(`k${key}`, at);
          if (at === null) expected.delete(`k${key}`);
          else expected.set(`k${key}`, at);
        }
        await clock.advance(2_000);
        stop.abort();
        await running;
        const times = due.map((entry) => Number(entry.split('@')[1]));
        expect(times).toEqual(times.toSorted((a, b) => a - b));
        expect(due.toSorted()).toEqual([...expected].map(([key, at]) => `${key}@${at}`).toSorted());
      }),
      { numRuns: 15 },
    );
  });
});
