import { describe, expect, it } from 'vitest';
import { formatSize } from './human-size.ts';

describe('formatSize', () => {
  const rows = [
    [0, '0B'],
    [116, '116B'],
    [999, '999B'],
    [1000, '1kB'],
    [22_005, '22kB'],
    [20_329, '20.33kB'],
    [22_050, '22.05kB'],
    [1_500_000, '1.5MB'],
    [123_456_789, '123.5MB'],
    [2 ** 40, '1.1TB'],
  ] as const;
  for (const [sizeBytes, text] of rows)
    it(`writes ${sizeBytes} bytes as ${text}`, () => expect(formatSize(sizeBytes)).toBe(text));
});
