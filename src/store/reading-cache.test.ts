import { describe, expect, it } from 'vitest';
import { ReadingCache } from './reading-cache.ts';

describe('ReadingCache', () => {
  it('keeps readings by resource and place, and drops the oldest', () => {
    const cache = new ReadingCache<string>();
    cache.set('secrets', 0, 'other');
    for (let after = 0; after < 8; after += 1) cache.set('streams', after, `from ${after}`);
    expect(cache.get('secrets', 0)).toBeUndefined();
    expect(cache.get('streams', 0)).toBe('from 0');
    expect(cache.get('streams', 7)).toBe('from 7');
    expect(cache.get('streams', 8)).toBeUndefined();
  });
});
