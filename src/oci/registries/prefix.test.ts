import { array, assert, constantFrom, integer, property, record } from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatRepository } from '../reference.ts';
import type { Repository } from '../types.ts';
import {
  bySpecificity,
  matchesAnyPort,
  matchesPrefix,
  type Prefix,
  parseLocation,
  parsePrefix,
  rewrite,
} from './prefix.ts';

const prefix = (text: string): Prefix => {
  const parsed = parsePrefix(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
};

const repository = (text: string): Repository => {
  const slash = text.indexOf('/');
  return { registry: text.slice(0, slash), repository: text.slice(slash + 1) };
};

const location = (text: string) => {
  const parsed = parseLocation(text);
  if (!parsed.ok) throw new Error(parsed.problem);
  return parsed.value;
};

describe('parsePrefix', () => {
  it.each([
    ['quay.io', 'quay.io'],
    ['Quay.IO:443/', 'quay.io'],
    ['quay.io:8443', 'quay.io:8443'],
    ['localhost/team', 'localhost/team'],
    ['mirror:5000/a/b', 'mirror:5000/a/b'],
    ['[::1]:5000/a', '[::1]:5000/a'],
    ['index.docker.io/library', 'docker.io/library'],
    ['*.Example.com', '*.example.com'],
  ])('reads %s', (text, canonical) => {
    expect(parsePrefix(text)).toMatchObject({ ok: true, value: { text: canonical } });
  });

  it.each([
    '',
    'team/app',
    'https://quay.io',
    'quay.io/Team',
    'quay.io/app:v1',
    'quay.io/app@sha256:00',
    'quay.io//app',
    '*',
    '*.',
    '*.example.com/team',
    '*.example.com:5000',
    '*.*.example.com',
    'a.*.example.com',
    '0x7f.1/team',
  ])('refuses %j', (text) => {
    expect(parsePrefix(text)).toMatchObject({ ok: false, problem: expect.stringContaining(`"${text}"`) });
  });
});

describe('matchesPrefix', () => {
  it.each([
    ['quay.io/team', 'quay.io/team/app', true],
    ['quay.io/team', 'quay.io/team', true],
    ['quay.io/team', 'quay.io/team-other/app', false],
    ['quay.io', 'quay.io/app', true],
    ['quay.io', 'quay.io:443/app', true],
    ['quay.io', 'quay.io:5000/app', false],
    ['quay.io', 'notquay.io/app', false],
    ['docker.io/library', 'docker.io/library/alpine', true],
    ['*.example.com', 'a.example.com/app', true],
    ['*.example.com', 'a.b.example.com/app', true],
    ['*.example.com', 'example.com/app', false],
    ['*.example.com', 'badexample.com/app', false],
    ['*.example.com', 'quay.io/a.example.com/app', false],
    ['*.example.com', 'a.example.com:5000/app', false],
  ])('%s and %s: %s', (pattern, name, expected) => {
    expect(matchesPrefix(prefix(pattern), repository(name))).toBe(expected);
  });

  it('goes by any port where it forbids', () => {
    expect(matchesAnyPort(prefix('quay.io'), repository('quay.io:80/app'))).toBe(true);
    expect(matchesAnyPort(prefix('*.io'), repository('quay.io:80/app'))).toBe(true);
    expect(matchesAnyPort(prefix('quay.io:80'), repository('quay.io/app'))).toBe(false);
    expect(matchesAnyPort(prefix('quay.io'), repository('gcr.io:80/app'))).toBe(false);
  });
});

describe('the choice among prefixes', () => {
  const host = constantFrom('a.io', 'a.io:5000', 'b.a.io');
  const segments = array(constantFrom('x', 'xx', 'x-y', 'y'), { maxLength: 4 });
  const name = record({ host, segments, last: constantFrom('x', 'app') });

  it('is the longest text that ends where a segment ends', () => {
    assert(
      property(array(record({ host, segments }), { maxLength: 12 }), name, (written, named) => {
        const text = [named.host, ...named.segments, named.last].join('/');
        const texts = written.map((one) => [one.host, ...one.segments].join('/'));
        const expected = texts
          .filter((one) => text === one || text.startsWith(`${one}/`))
          .toSorted((a, b) => b.length - a.length)[0];
        const found = texts
          .map(prefix)
          .filter((one) => matchesPrefix(one, repository(text)))
          .toSorted(bySpecificity)[0];
        expect(found?.text).toBe(expected);
      }),
    );
  });

  it('prefers a name to a wildcard, and the longer wildcard', () => {
    const sorted = ['*.io', 'b.a.io', '*.a.io', 'b.a.io/team'].map(prefix).toSorted(bySpecificity);
    expect(sorted.map(({ text }) => text)).toEqual(['b.a.io/team', 'b.a.io', '*.a.io', '*.io']);
  });

  it('replaces what was matched and nothing else', () => {
    const target = constantFrom('mirror.io', 'mirror.io:5000', 'mirror.io/hub', 'mirror.io/hub/deep');
    assert(
      property(name, integer({ min: 0, max: 4 }), target, (named, length, to) => {
        const text = [named.host, ...named.segments, named.last].join('/');
        const from = [named.host, ...named.segments.slice(0, length)].join('/');
        const moved = rewrite(prefix(from), location(to), repository(text));
        expect(moved.ok && formatRepository(moved.value)).toBe(`${to}${text.slice(from.length)}`);
      }),
    );
  });
});

describe('rewrite', () => {
  it.each([
    ['*.example.com', 'mirror.io/x', 'a.example.com/team/app', 'mirror.io/x/team/app'],
    ['quay.io/team/app', 'mirror.io/renamed', 'quay.io/team/app', 'mirror.io/renamed'],
    ['quay.io', 'docker.io', 'quay.io/alpine', 'docker.io/library/alpine'],
    ['docker.io', 'mirror.io', 'docker.io/library/alpine', 'mirror.io/library/alpine'],
  ])('with %s → %s makes of %s %s', (from, to, name, expected) => {
    const moved = rewrite(prefix(from), location(to), repository(name));
    expect(moved.ok && formatRepository(moved.value)).toBe(expected);
  });

  it('says when nothing is left', () => {
    expect(rewrite(prefix('quay.io/app'), location('mirror.io'), repository('quay.io/app'))).toMatchObject({
      ok: false,
    });
  });
});
