import { validateHeaderValue } from 'node:http';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatWarnings } from './warnings.ts';

describe('formatWarnings', () => {
  it('quotes each warning once', () => {
    expect(formatWarnings(['unknown field "a"', 'b', 'b'])).toEqual([
      String.raw`299 - "unknown field \"a\""`,
      '299 - "b"',
    ]);
  });

  it('sends UTF-8', () => {
    const [value = ''] = formatWarnings(['ü']);
    expect(Buffer.from(value, 'latin1').toString('utf8')).toBe('299 - "ü"');
  });

  it('shortens long warnings and leaves out what is too much', () => {
    const values = formatWarnings(Array.from({ length: 100 }, (_, index) => `${index}${'x'.repeat(1000)}`));
    expect(values).toHaveLength(16);
    expect(values.every((value) => value.length < 300)).toBe(true);
  });

  it('makes headers of any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        for (const value of formatWarnings([text])) validateHeaderValue('warning', value);
      }),
    );
  });
});
