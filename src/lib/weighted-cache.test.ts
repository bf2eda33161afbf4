import { describe, expect, it } from 'vitest';
import { createWeightedCache } from './weighted-cache.ts';

describe('createWeightedCache', () => {
  it('gives back what it was given', () => {
    const cache = createWeightedCache<string>(10);
    cache.set('a', 'A', 4);
    expect(cache.get('a')).toBe('A');
    expect(cache.get('b')).toBeUndefined();
  });

  it('drops what was unused for longest, once the weights add up to more than it may hold', () => {
    const cache = createWeightedCache<string>(10);
    cache.set('a', 'A', 4);
    cache.set('b', 'B', 4);
    cache.get('a');
    cache.set('c', 'C', 4);
    expect([cache.get('a'), cache.get('b'), cache.get('c')]).toEqual(['A', undefined, 'C']);
  });

  it('drops several for one that weighs as much', () => {
    const cache = createWeightedCache<string>(10);
    for (const key of ['a', 'b', 'c', 'd', 'e']) cache.set(key, key, 2);
    cache.set('f', 'F', 9);
    expect(['a', 'b', 'c', 'd', 'e', 'f'].map((key) => cache.get(key) !== undefined)).toEqual([
      false,
      false,
      false,
      false,
      false,
      true,
    ]);
  });

  it('counts a value that is set again once', () => {
    const cache = createWeightedCache<string>(10);
    for (let time = 0; time < 5; time++) cache.set('a', 'A', 6);
    cache.set('b', 'B', 4);
    expect([cache.get('a'), cache.get('b')]).toEqual(['A', 'B']);
  });

  it('does not keep a value that is heavier than everything may be, nor its former self', () => {
    const cache = createWeightedCache<string>(10);
    cache.set('a', 'small', 1);
    cache.set('a', 'big', 11);
    cache.set('b', 'B', 10);
    expect([cache.get('a'), cache.get('b')]).toEqual([undefined, 'B']);
  });
});
