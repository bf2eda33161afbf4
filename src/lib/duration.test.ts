import { describe, expect, it } from 'vitest';
import { formatDuration, parseDuration } from './duration.ts';

describe('parseDuration', () => {
  it.each([
    ['15m', 900_000],
    ['1m30s', 90_000],
    ['500ms', 500],
    ['1h', 3_600_000],
    ['5', undefined],
    ['', undefined],
    ['-5s', undefined],
  ])('reads %j as %s ms', (text, expected) => {
    expect(parseDuration(text)).toBe(expected);
  });
});

describe('formatDuration', () => {
  it.each([500, 1000, 90_000, 900_000, 5_400_000, 86_400_000, 1500])(
    'writes %i ms so that parseDuration reads it back',
    (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    },
  );
});
