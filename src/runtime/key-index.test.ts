import { describe, expect, it } from 'vitest';
import { KeyIndex } from './key-index.ts';

describe('KeyIndex', () => {
  it('finds the keys that refer to something, as they were set last', () => {
    const index = new KeyIndex();
    index.set('a', ['x', 'y']);
    index.set('b', ['y']);
    expect(index.referrers('y')).toEqual(['a', 'b']);
    index.set('a', ['x', 'z']);
    expect(index.referrers('y')).toEqual(['b']);
    expect(index.referrers('z')).toEqual(['a']);
    index.set('a', []);
    expect(index.referrers('x')).toEqual([]);
    expect(index.referrers('unknown')).toEqual([]);
  });
});
