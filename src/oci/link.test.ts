import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { nextLink, parseLinks } from './link.ts';

describe('nextLink', () => {
  it.each([
    ['quoted', '</v2/a/tags/list?last=x&n=2>; rel="next"', '/v2/a/tags/list?last=x&n=2'],
    ['bare', '</a>; rel=next', '/a'],
    ['without spaces', '</a>;rel="next"', '/a'],
    ['in upper case', '</a>; REL="NEXT"', '/a'],
    ['among several relations', '</a>; rel="last next"', '/a'],
    ['after other links', '</a>; rel="prev", <https://h/b>; rel="next"', 'https://h/b'],
    ['after other parameters', '</a>; title="x, rel=no; y"; rel="next"', '/a'],
    ['with a comma in its target', '</a?x=1,2>; rel="next", </b>; rel="prev"', '/a?x=1,2'],
    ['with an empty target', '<>; rel="next"', ''],
  ])('finds a relation %s', (_name, header, expected) => {
    expect(nextLink(header)).toBe(expected);
  });

  it.each([
    ['nothing', ''],
    ['another relation', '</a>; rel="prev"'],
    ['a relation that only begins so', '</a>; rel="next-archive"'],
    ['no relation', '</a>'],
    ['no angle brackets', '/a; rel="next"'],
    ['an open angle bracket', '</a; rel="next"'],
  ])('finds none in %s', (_name, header) => {
    expect(nextLink(header)).toBeUndefined();
  });

  it('reads any list of links that follows the grammar', () => {
    const target = fc.webUrl({ withQueryParameters: true });
    const relations = fc.array(fc.constantFrom('next', 'prev', 'first'), { minLength: 1, maxLength: 2 });
    fc.assert(
      fc.property(fc.array(fc.tuple(target, relations)), (links) => {
        const header = links.map(([url, names]) => `<${url}>; rel="${names.join(' ')}"`).join(', ');
        expect(parseLinks(header)).toEqual(links.map(([url, names]) => ({ target: url, relations: names })));
      }),
    );
  });

  it('ends, quickly, whatever comes in', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'<>;,="\\ relnxt'.split('')), maxLength: 4_000 });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (header) => {
        expect(Array.isArray(parseLinks(header))).toBe(true);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 5_000, markInterruptAsFailure: true },
    );
  });
});
