import { describe, expect, it } from 'vitest';
import { retryAfterMs } from './retry-after.ts';

describe('retryAfterMs', () => {
  const now = Date.UTC(2026, 0, 1);
  it.each([
    ['seconds', '120', 120_000],
    ['a date', 'Thu, 01 Jan 2026 00:00:30 GMT', 30_000],
    ['a date that has passed', 'Wed, 31 Dec 2025 23:59:59 GMT', 0],
    ['more than an hour', '999999', 3_600_000],
    ['nothing', undefined, undefined],
    ['anything else', 'soon', undefined],
  ])('reads %s', (_, header, wait) => {
    expect(retryAfterMs(header, now)).toBe(wait);
  });
});
