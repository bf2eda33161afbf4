import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digestAlgorithm, digestBytes, isDigest, parseDigest } from './digest.ts';

const empty256 = 'sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';

describe('parseDigest', () => {
  it('takes sha256 and sha512 in canonical form', () => {
    const sha512 = `sha512:${'a'.repeat(128)}`;
    expect(parseDigest(empty256)).toBe(empty256);
    expect(parseDigest(sha512)).toBe(sha512);
  });

  it.each([
    ['no algorithm', 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855'],
    ['upper case', empty256.toUpperCase()],
    ['upper-case hex', `sha256:${'A'.repeat(64)}`],
    ['one digit too few', empty256.slice(0, -1)],
    ['one digit too many', `${empty256}0`],
    ['the length of another algorithm', `sha512:${'a'.repeat(64)}`],
    ['an algorithm that nobody checks', `md5:${'a'.repeat(32)}`],
    ['a path after it', `${empty256}/../../etc`],
    ['a line break after it', `${empty256}\n`],
    ['white space before it', ` ${empty256}`],
    ['nothing', ''],
  ])('refuses %s', (_name, text) => {
    expect(parseDigest(text)).toBeUndefined();
    expect(isDigest(text)).toBe(false);
  });

  it('refuses any text that it would not write itself', () => {
    fc.assert(
      fc.property(fc.string(), (text) => {
        const digest = parseDigest(text);
        expect(digest === undefined || /^sha(256:[0-9a-f]{64}|512:[0-9a-f]{128})$/.test(digest)).toBe(true);
      }),
    );
  });
});

describe('digestBytes', () => {
  it('knows the digest of nothing', () => {
    expect(digestBytes(new Uint8Array())).toBe(empty256);
  });

  it('makes digests that parse, with the algorithm that was asked for', () => {
    fc.assert(
      fc.property(
        fc.uint8Array(),
        fc.constantFrom('sha256' as const, 'sha512' as const),
        (bytes, algorithm) => {
          const digest = digestBytes(bytes, algorithm);
          expect(parseDigest(digest)).toBe(digest);
          expect(digestAlgorithm(digest)).toBe(algorithm);
        },
      ),
    );
  });
});
