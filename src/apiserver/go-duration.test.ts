import { describe, expect, it } from 'vitest';
import { parseGoDuration } from './go-duration.ts';

describe('parseGoDuration', () => {
  const rows = [
    { text: '0', ms: 0 },
    { text: '32s', ms: 32_000 },
    { text: '1m30s', ms: 90_000 },
    { text: '1.5h', ms: 5_400_000 },
    { text: '250ms', ms: 250 },
    { text: '', ms: undefined },
    { text: '10', ms: undefined },
    { text: '-1s', ms: undefined },
    { text: '1x', ms: undefined },
  ];
  for (const { text, ms } of rows)
    it(`reads ${JSON.stringify(text)} as ${ms}`, () => {
      expect(parseGoDuration(text)).toBe(ms);
    });
});
