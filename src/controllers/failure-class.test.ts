import { describe, expect, it } from 'vitest';
import {
  attemptAfter,
  delayAfter,
  isCredentialFailure,
  isFinal,
  longestDelayAfter,
  soonestOf,
} from './failure-class.ts';

const secondMs = 1_000;
const minuteMs = 60 * secondMs;

describe('the class of a failure', () => {
  it('decides how soon and how seldom it is tried again', () => {
    const delays = (reason: string) => [1, 2, 3, 100].map((attempt) => delayAfter(reason, attempt));
    expect(delays('Timeout')).toEqual([10 * secondMs, 20 * secondMs, 40 * secondMs, 10 * minuteMs]);
    expect(delays('Unauthorized')).toEqual([minuteMs, 2 * minuteMs, 4 * minuteMs, 60 * minuteMs]);
    expect(longestDelayAfter('TooManyRequests')).toBe(10 * minuteMs);
    expect(longestDelayAfter('InvalidCertificate')).toBe(60 * minuteMs);
  });

  it('tells by how long something fails which try is next', () => {
    const attempts = (...minutes: readonly number[]) =>
      minutes.map((failing) => attemptAfter('NotFound', failing * minuteMs));
    // Tries come after 1, 2, 4, 8 minutes: at 1, 3, 7, 15 minutes.
    expect(attempts(0, 0.9, 1, 2.9, 3, 6.9, 7, 15)).toEqual([1, 1, 2, 2, 3, 3, 4, 5]);
    expect(attemptAfter('NotFound', -minuteMs)).toBe(1);
    expect(delayAfter('NotFound', attemptAfter('NotFound', 24 * 60 * minuteMs))).toBe(60 * minuteMs);
    expect(delayAfter('NotFound', attemptAfter('NotFound', Number.POSITIVE_INFINITY))).toBe(60 * minuteMs);
  });

  it('says whether another spec or another secret is needed', () => {
    expect(isFinal('Invalid')).toBe(true);
    expect(['Timeout', 'NotFound'].some(isFinal)).toBe(false);
    expect(['Unauthorized', 'Forbidden', 'NotFound'].every(isCredentialFailure)).toBe(true);
    expect(isCredentialFailure('Timeout')).toBe(false);
  });

  it('of several is that of the one that is tried again first', () => {
    const failures = ['Invalid', 'NotFound', 'Timeout', 'Unauthorized'].map((reason) => ({ reason }));
    expect(soonestOf(failures)).toEqual({ reason: 'Timeout' });
    expect(soonestOf(failures.slice(0, 2))).toEqual({ reason: 'NotFound' });
    expect(soonestOf([{ reason: 'Invalid' }, { reason: 'Invalid' }])).toEqual({ reason: 'Invalid' });
    expect(soonestOf([])).toBeUndefined();
  });
});
