import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseDigest } from './digest.ts';
import { nextLink, parseLinks } from './link.ts';
import { parseMediaType } from './media-type.ts';
import { formatReference, parseReference, parseRepository } from './reference.ts';
import { parseChallenges } from './transport/challenge.ts';
import { parseRetryAfter } from './transport/retry-after.ts';

const parsers = {
  parseReference,
  parseRepository,
  parseDigest,
  parseMediaType,
  parseLinks,
  parseChallenges,
  parseRetryAfter: (text: string) => parseRetryAfter(text, 0),
} as const;

/** So long that whoever needs the square of it does not come back within the time of a test. */
const length = 400_000;

/** Beginnings and what is repeated after them: what makes patterns go back and forth. */
const shapes: readonly (readonly [string, string])[] = [
  ['', 'a'],
  ['', 'a-'],
  ['', '-'],
  ['a', '-'],
  ['a', '__'],
  ['', 'a.'],
  ['', 'a/'],
  ['', ':'],
  ['', '@'],
  ['sha256:', 'a'],
  ['', ' '],
  ['Bearer ', ' '],
  ['Bearer realm="', 'a'],
  ['Bearer realm="', '\\"'],
  ['Bearer a', '='],
  ['', 'a="'],
  ['', 'a ,'],
  ['', ','],
  ['<', 'a'],
  ['', '<'],
  ['<a>', ';a="'],
  ['<a>', ';a="\\'],
  ['<a>', '; '],
  ['<a>;', ' '],
  ['', '<a>;rel=x, '],
  ['', '9'],
  ['', '9.'],
  ['', '1m'],
  ['Mon, ', '00:00:00'],
];

describe.each(Object.entries(parsers))('%s', (_name, parse) => {
  it.each(shapes)('comes to an end with %j and %j again and again', (start, repeated) => {
    const text = start + repeated.repeat(length / repeated.length);
    for (const tried of [text, `${text}!`, `${text}"`]) expect(() => parse(tried)).not.toThrow();
  });

  it('takes any text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        parse(text);
      }),
    );
  });
});

describe('what was read', () => {
  const part = fc.stringMatching(/^[a-z0-9]{1,6}([._-][a-z0-9]{1,6})?$/);
  const name = fc.array(part, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const suffix = fc.oneof(
    fc.stringMatching(/^:[A-Za-z0-9_][A-Za-z0-9_.-]{0,20}$/),
    fc.stringMatching(/^@sha256:[0-9a-f]{64}$/),
    fc.stringMatching(/^@sha512:[0-9a-f]{128}$/),
    fc.constant(''),
  );

  it('of a reference is the same when it is written and read again', () => {
    fc.assert(
      fc.property(name, suffix, (path, end) => {
        const parsed = parseReference(`registry.example:5000/${path}${end}`);
        if (!parsed.ok) throw new Error(parsed.problem);
        expect(parseReference(formatReference(parsed.reference))).toEqual(parsed);
      }),
    );
  });

  it('of a link is its target, whatever stands around it', () => {
    const target = fc.stringMatching(/^[!-;=?-~]{1,40}$/);
    const other = fc
      .stringMatching(/^; [a-z]{1,5}="[a-z,;<> ]{0,10}"$/)
      .filter((text) => !text.includes('rel='));
    fc.assert(
      fc.property(target, other, other, (url, before, after) => {
        expect(nextLink(`<${url}>${before}; rel="next"${after}`)).toBe(url);
      }),
    );
  });

  it('of a digest is the digest itself, and of anything near it nothing', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[0-9a-f]{64}$/), fc.nat(63), (hex, at) => {
        const digest = `sha256:${hex}`;
        expect(parseDigest(digest)).toBe(digest);
        const broken = [
          digest.slice(0, -1),
          `${digest}0`,
          ` ${digest}`,
          `${digest}\n`,
          `sha256:${hex.slice(0, at)}G${hex.slice(at + 1)}`,
        ];
        for (const text of broken) expect(parseDigest(text)).toBeUndefined();
      }),
    );
  });
});
