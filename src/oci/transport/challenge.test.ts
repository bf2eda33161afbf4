import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseChallenges } from './challenge.ts';

const parse = (header: string) =>
  parseChallenges(header).map(({ scheme, parameters }) => ({ scheme, ...Object.fromEntries(parameters) }));

describe('parseChallenges', () => {
  it.each([
    [
      'Docker Hub',
      'Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:a/b:pull"',
      [
        {
          scheme: 'bearer',
          realm: 'https://auth.docker.io/token',
          service: 'registry.docker.io',
          scope: 'repository:a/b:pull',
        },
      ],
    ],
    ['docker-registry', 'Basic realm="basic-realm"', [{ scheme: 'basic', realm: 'basic-realm' }]],
    [
      'ECR',
      'Basic realm="https://1.dkr.ecr.eu-west-1.amazonaws.com/",service="ecr.amazonaws.com"',
      [
        {
          scheme: 'basic',
          realm: 'https://1.dkr.ecr.eu-west-1.amazonaws.com/',
          service: 'ecr.amazonaws.com',
        },
      ],
    ],
    [
      'Gitea: two challenges in one header',
      'Bearer realm="https://h/v2/token",service="container_registry",scope="*",Basic realm="https://h/v2",service="container_registry",scope="*"',
      [
        { scheme: 'bearer', realm: 'https://h/v2/token', service: 'container_registry', scope: '*' },
        { scheme: 'basic', realm: 'https://h/v2', service: 'container_registry', scope: '*' },
      ],
    ],
    [
      'two headers, joined',
      'Basic realm="a, b", Bearer realm="https://h/token"',
      [
        { scheme: 'basic', realm: 'a, b' },
        { scheme: 'bearer', realm: 'https://h/token' },
      ],
    ],
    ['any case', 'BEARER Realm="x"', [{ scheme: 'bearer', realm: 'x' }]],
    ['values without quotes', 'Bearer realm=x, service=y', [{ scheme: 'bearer', realm: 'x', service: 'y' }]],
    ['spaces around equals signs', 'Bearer realm = "x"', [{ scheme: 'bearer', realm: 'x' }]],
    ['escapes', 'Basic realm="a \\"b\\" \\\\c"', [{ scheme: 'basic', realm: 'a "b" \\c' }]],
    ['an empty value', 'Basic realm=""', [{ scheme: 'basic', realm: '' }]],
    ['a scheme alone', 'Negotiate', [{ scheme: 'negotiate' }]],
    [
      'schemes with a token in place of parameters',
      'Negotiate dG9rZW4==, NTLM abc, Basic realm="x"',
      [{ scheme: 'negotiate' }, { scheme: 'ntlm' }, { scheme: 'basic', realm: 'x' }],
    ],
    [
      'empty list items',
      ', ,Basic realm="x",, Bearer realm="y",',
      [
        { scheme: 'basic', realm: 'x' },
        { scheme: 'bearer', realm: 'y' },
      ],
    ],
    ['a name twice', 'Bearer realm="first",realm="second"', [{ scheme: 'bearer', realm: 'first' }]],
    ['nothing', '', []],
    ['a parameter without a scheme', 'realm="x"', []],
    ['a quote that never ends', 'Basic realm="x', [{ scheme: 'basic' }]],
    ['garbage after a challenge', 'Basic realm="x", @', [{ scheme: 'basic', realm: 'x' }]],
  ])('reads %s', (_name, header, expected) => {
    expect(parse(header)).toEqual(expected);
  });

  const token = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}$/);
  const quotedString = fc.string({ unit: 'grapheme-ascii', maxLength: 20 });

  it('reads whatever follows the grammar', () => {
    const parameters = fc.uniqueArray(fc.tuple(token, quotedString), {
      selector: ([name]) => name,
      minLength: 1,
      maxLength: 4,
    });
    const quote = (text: string): string => `"${text.replaceAll(/["\\]/g, '\\$&')}"`;
    fc.assert(
      fc.property(fc.array(fc.tuple(token, parameters), { maxLength: 3 }), (challenges) => {
        const header = challenges
          .map(
            ([scheme, pairs]) =>
              `${scheme} ${pairs.map(([name, text]) => `${name}=${quote(text)}`).join(',')}`,
          )
          .join(', ');
        expect(parseChallenges(header)).toEqual(
          challenges.map(([scheme, pairs]) => ({ scheme, parameters: new Map(pairs) })),
        );
      }),
    );
  });

  it('ends, quickly, whatever comes in', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'Basic realm="\\,;= \t'.split('')), maxLength: 4_000 });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (header) => {
        expect(Array.isArray(parseChallenges(header))).toBe(true);
      }),
      { numRuns: 300, interruptAfterTimeLimit: 5_000, markInterruptAsFailure: true },
    );
  });
});
