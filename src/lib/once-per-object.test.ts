import { describe, expect, it } from 'vitest';
import { oncePerObject } from './once-per-object.ts';

describe('oncePerObject', () => {
  it('computes once for each object, even nothing, and anew for its equal', () => {
    const asked: object[] = [];
    const compute = oncePerObject((key: { readonly name: string }) => {
      asked.push(key);
      return key.name === '' ? undefined : `of ${key.name}`;
    });
    const [some, equal, none] = [{ name: 'a' }, { name: 'a' }, { name: '' }];
    expect([some, some, equal, none, none].map(compute)).toEqual([
      'of a',
      'of a',
      'of a',
      undefined,
      undefined,
    ]);
    expect(asked).toEqual([some, equal, none]);
    expect(asked[0]).toBe(some);
    expect(asked[1]).toBe(equal);
  });
});
