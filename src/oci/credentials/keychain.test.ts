import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseReference } from '../reference.ts';
import type { Repository } from '../types.ts';
import { basicCredential } from './credential.ts';
import { anonymous, createKeychain, everyHost, parseMatch } from './keychain.ts';

const keychainOf = (...keys: readonly string[]) =>
  createKeychain(
    keys.map((key) => {
      const match = parseMatch(key);
      if (match === undefined) throw new Error(`not a key: ${key}`);
      return { match, credential: basicCredential(key, key, 'test') };
    }),
  );

/** The keys whose credentials are offered for an image, in order. */
const offered = (keys: readonly string[], image: string): readonly string[] => {
  const parsed = parseReference(image);
  if (!parsed.ok) throw new Error(parsed.problem);
  return keychainOf(...keys)(parsed.reference).flatMap((credential) =>
    credential.kind === 'basic' ? [credential.username] : [],
  );
};

describe('createKeychain', () => {
  it.each([
    ['quay.io', 'quay.io/team/app'],
    ['https://quay.io', 'quay.io/team/app'],
    ['http://quay.io/', 'quay.io/team/app'],
    ['https://quay.io/v1/', 'quay.io/team/app'],
    ['https://quay.io/v2/', 'quay.io/team/app'],
    ['QUAY.io', 'quay.io/team/app'],
    ['quay.io/team', 'quay.io/team/app'],
    ['quay.io/team/', 'quay.io/team/app'],
    ['quay.io/team/app', 'quay.io/team/app'],
    ['localhost:5000', 'localhost:5000/app'],
    ['127.0.0.1:5006', '127.0.0.1:5006/private/app:v1'],
    ['[::1]:5000', '[::1]:5000/app'],
    ['*.dkr.ecr.*.amazonaws.com', '123.dkr.ecr.eu-west-1.amazonaws.com/app'],
    ['*.example.com', 'registry.example.com/app'],
    ['reg*.example.com:5000', 'registry.example.com:5000/app'],
    ['r*s*y.example.com', 'registry.example.com/app'],
    ['docker.io', 'alpine'],
    ['index.docker.io', 'team/app'],
    ['registry-1.docker.io', 'team/app'],
    ['https://index.docker.io/v1/', 'docker.io/library/alpine:3'],
    ['https://index.docker.io/v1/', 'registry-1.docker.io/team/app'],
    ['docker.io/library', 'alpine'],
  ])('offers %s for %s', (key, image) => {
    expect(offered([key], image)).toEqual([key]);
  });

  it.each([
    ['another host', 'quay.io', 'ghcr.io/team/app'],
    ['a host that ends the same', 'quay.io', 'evilquay.io/team/app'],
    ['a host below it', 'quay.io', 'cdn.quay.io/team/app'],
    ['a host that begins the same', 'quay.io', 'quay.io.evil.com/team/app'],
    ['another port', 'localhost:5000', 'localhost:5001/app'],
    ['a port where none is named', 'quay.io', 'quay.io:8443/app'],
    ['no port where one is named', 'quay.io:8443', 'quay.io/app'],
    ['a repository that begins the same', 'quay.io/team', 'quay.io/team-other/app'],
    ['a shorter path', 'quay.io/team/app', 'quay.io/team'],
    ['two labels for one wildcard', '*.example.com', 'a.b.example.com/app'],
    ['no label for a wildcard', '*.example.com', 'example.com/app'],
    ['too little text for a wildcard', 'aa*aa.example.com', 'aaa.example.com/app'],
    ['another repository of the Hub', 'docker.io/library', 'team/app'],
    ['an IPv6 address that begins the same', '[::1]', '[::11]/app'],
  ])('does not offer a credential for %s', (_name, key, image) => {
    expect(offered([key], image)).toEqual([]);
  });

  it('offers the most specific first', () => {
    const keys = [
      '*.example.com',
      'a.example.com',
      'a.example.com/team/app',
      '*.example.com/team',
      'a.example.com/team',
    ];
    expect(offered(keys, 'a.example.com/team/app')).toEqual([
      'a.example.com/team/app',
      'a.example.com/team',
      '*.example.com/team',
      'a.example.com',
      '*.example.com',
    ]);
  });

  it('keeps the given order between equals', () => {
    expect(offered(['docker.io', 'index.docker.io'], 'alpine')).toEqual(['docker.io', 'index.docker.io']);
    expect(offered(['index.docker.io', 'docker.io'], 'alpine')).toEqual(['index.docker.io', 'docker.io']);
  });

  it('offers equal credentials once', () => {
    const match = parseMatch('quay.io');
    const wider = parseMatch('*.io');
    if (match === undefined || wider === undefined) throw new Error('not keys');
    const keychain = createKeychain([
      { match: wider, credential: basicCredential('alice', 'p', 'secret a') },
      { match, credential: basicCredential('alice', 'p', 'secret b') },
    ]);
    expect(keychain({ registry: 'quay.io', repository: 'app' })).toMatchObject([{ source: 'secret b' }]);
  });

  it('offers a helper for what it is asked about, and one for every host last', () => {
    const helperOf =
      (program: string) =>
      ({ registry, repository }: Repository) => ({
        kind: 'helper' as const,
        id: `${program} ${registry}`,
        program,
        source: `${registry}/${repository}`,
        ask: () => Promise.resolve([]),
      });
    const host = parseMatch('*.io');
    if (host === undefined) throw new Error('not a key');
    const keychain = createKeychain([
      { match: everyHost, helper: helperOf('store') },
      { match: host, credential: basicCredential('alice', 'p', 'file') },
      { match: host, helper: helperOf('helper') },
    ]);
    expect(keychain({ registry: 'quay.io', repository: 'team/app' })).toMatchObject([
      { kind: 'basic' },
      { kind: 'helper', program: 'helper', source: 'quay.io/team/app' },
      { kind: 'helper', program: 'store' },
    ]);
    expect(keychain({ registry: 'localhost:5000', repository: 'app' })).toMatchObject([{ program: 'store' }]);
  });

  it('offers nothing where it holds nothing', () => {
    expect(anonymous({ registry: 'quay.io', repository: 'app' })).toEqual([]);
    expect(createKeychain([])({ registry: 'quay.io', repository: 'app' })).toEqual([]);
  });

  it('matches paths by whole segments, and offers the longest first', () => {
    const segment = fc.constantFrom('a', 'ab', 'b', 'team', 'team-other');
    const path = fc.array(segment, { maxLength: 3 });
    fc.assert(
      fc.property(
        fc.uniqueArray(path.map((parts) => parts.join('/'))),
        fc.array(segment, { minLength: 1, maxLength: 4 }),
        (keys, parts) => {
          const repository = parts.join('/');
          const expected = keys
            .filter((key) => key === '' || `${repository}/`.startsWith(`${key}/`))
            .toSorted((one, other) => other.length - one.length);
          const entries = keys.map((key) => `quay.io/${key}`);
          expect(offered(entries, `quay.io/${repository}`)).toEqual(expected.map((key) => `quay.io/${key}`));
        },
      ),
      { numRuns: 1_000 },
    );
  });

  it('matches wildcards as a regular expression would, without its cost', () => {
    const piece = fc.string({ unit: fc.constantFrom('a', 'b', '*'), maxLength: 8 });
    const label = fc.string({ unit: fc.constantFrom('a', 'b'), minLength: 1, maxLength: 8 });
    fc.assert(
      fc.property(piece, label, (pattern, text) => {
        const expected = new RegExp(`^${pattern.replaceAll('*', '.*')}$`).test(text);
        const match = { labels: [pattern, 'example'], port: '', path: [] };
        const keychain = createKeychain([{ match, credential: basicCredential('u', 'p', 't') }]);
        expect(keychain({ registry: `${text}.example`, repository: 'app' }).length > 0).toBe(expected);
      }),
      { numRuns: 1_000 },
    );
  });
});

describe('parseMatch', () => {
  it.each(['', 'https://', '/team', 'a b', 'user@host', 'host:port', '[nonsense]', 'https://quay.io:x/'])(
    'refuses %j',
    (key) => {
      expect(parseMatch(key)).toBeUndefined();
    },
  );
});
