import { describe, expect, it } from 'vitest';
import { createPace } from './pace.ts';

/** A pace at which `perSecond` requests left evenly during the second before 1,000 ms. */
const after = (perSecond: number, maxPerSecond = Number.POSITIVE_INFINITY) => {
  const pace = createPace(maxPerSecond);
  for (let index = 0; index < perSecond; index += 1) pace.leave((index * 1000) / perSecond);
  return pace;
};

describe('createPace', () => {
  it('does not slow anybody down before a host has refused something', () => {
    const pace = after(500);
    expect(pace.nextMs(1_000)).toBe(1_000);
    expect(pace.perSecond(1_000)).toBeUndefined();
  });

  it('spaces requests by the rate that is set up', () => {
    const pace = createPace(4);
    pace.leave(0);
    expect(pace.nextMs(0)).toBe(250);
    expect(pace.nextMs(900)).toBe(900);
  });

  it('is half as fast after a refusal, and half of that after the next', () => {
    const pace = after(40);
    pace.slowDown(1_000, 1_000);
    expect(pace.perSecond(1_000)).toBe(20);
    pace.slowDown(1_000, 1_000);
    expect(pace.perSecond(1_000)).toBe(10);
  });

  it('creeps back, and forgets the limit once it is well above what was too much', () => {
    const pace = after(40);
    pace.slowDown(1_000, 3_000);
    expect(pace.perSecond(3_000)).toBe(20);
    expect(pace.perSecond(33_000)).toBe(30);
    expect(pace.perSecond(63_000)).toBe(40);
    expect(pace.perSecond(183_001)).toBeUndefined();
  });

  it('asks once a second at least, however often it is refused', () => {
    const pace = after(3);
    for (let index = 0; index < 10; index += 1) pace.slowDown(1_000, 1_000);
    expect(pace.perSecond(1_000)).toBe(1);
  });

  it('never goes above what a host says that it allows', () => {
    const pace = createPace(Number.POSITIVE_INFINITY);
    pace.cap(10);
    expect(pace.perSecond(0)).toBe(10);
    expect(createPace(2).perSecond(0)).toBe(2);
  });
});
