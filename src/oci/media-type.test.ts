import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { acceptManifests, mediaTypes, parseMediaType } from './media-type.ts';

describe('parseMediaType', () => {
  it.each([
    ['application/json', 'application/json'],
    ['Application/JSON; charset=utf-8', 'application/json'],
    ['  text/plain ;q=1', 'text/plain'],
    [mediaTypes.ociIndex, mediaTypes.ociIndex],
  ])('reads %j', (header, expected) => {
    expect(parseMediaType(header)).toBe(expected);
  });

  it.each(['', 'json', 'application/', '/json', 'a/b/c', 'text/html, application/json', 'a b/c'])(
    'refuses %j',
    (header) => {
      expect(parseMediaType(header)).toBeUndefined();
    },
  );

  it('reads its own result again as the same, whatever came in', () => {
    fc.assert(
      fc.property(fc.string(), (header) => {
        const type = parseMediaType(header);
        if (type !== undefined) expect(parseMediaType(`${type}; charset=utf-8`)).toBe(type);
      }),
    );
  });
});

describe('acceptManifests', () => {
  it('names all four kinds of manifest', () => {
    expect(acceptManifests.split(', ').toSorted()).toEqual(Object.values(mediaTypes).toSorted());
  });
});
