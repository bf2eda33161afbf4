import { describe, expect, it } from 'vitest';
import { parseRetryAfter } from './retry-after.ts';

const now = Date.UTC(2026, 0, 1, 12, 0, 0);

describe('parseRetryAfter', () => {
  it.each([
    ['0', 0],
    ['2', 2_000],
    [' 30 ', 30_000],
    ['0.5', 500],
    ['Thu, 01 Jan 2026 12:00:10 GMT', 10_000],
    ['Thursday, 01-Jan-26 12:00:10 GMT', 10_000],
    ['Thu Jan  1 12:00:10 2026', 10_000],
    ['Thu, 01 Jan 2026 11:00:00 GMT', 0],
    ['86400', 3_600_000],
    ['99999999999999999999', 3_600_000],
  ])('reads %j as %d ms', (header, expected) => {
    expect(parseRetryAfter(header, now)).toBe(expected);
  });

  it.each([undefined, '', '-1', 'soon', '1e3', '0x10', '12 apples', 'Thu, nonsense', '331.163µs'])(
    'finds nothing in %j',
    (header) => {
      expect(parseRetryAfter(header, now)).toBeUndefined();
    },
  );
});
