import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatReference, parseReference, parseRepository } from './reference.ts';
import type { Reference } from './types.ts';

const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;

const parsed = (text: string): Reference => {
  const result = parseReference(text);
  if (!result.ok) throw new Error(result.problem);
  return result.reference;
};

const problemOf = (text: string): string => {
  const result = parseReference(text);
  return result.ok ? 'no problem' : result.problem;
};

describe('parseReference', () => {
  it.each([
    ['alpine', 'docker.io/library/alpine:latest'],
    ['alpine:3.20', 'docker.io/library/alpine:3.20'],
    ['team/app', 'docker.io/team/app:latest'],
    ['docker.io/alpine', 'docker.io/library/alpine:latest'],
    ['index.docker.io/library/alpine', 'docker.io/library/alpine:latest'],
    ['registry-1.docker.io/team/app:1', 'docker.io/team/app:1'],
    ['quay.io/team/app', 'quay.io/team/app:latest'],
    ['quay.io/app', 'quay.io/app:latest'],
    ['quay.io:443/a/b/c/d:x', 'quay.io:443/a/b/c/d:x'],
    ['QUAY.io/team/app', 'quay.io/team/app:latest'],
    ['localhost/app', 'localhost/app:latest'],
    ['localhost:5000/app:v1', 'localhost:5000/app:v1'],
    ['registry:5000/app', 'registry:5000/app:latest'],
    ['registry/app', 'docker.io/registry/app:latest'],
    ['127.0.0.1:5005/demo/app:v1', '127.0.0.1:5005/demo/app:v1'],
    ['[::1]/app', '[::1]/app:latest'],
    ['[2001:db8::1]:5000/team/app:v1', '[2001:db8::1]:5000/team/app:v1'],
    [`quay.io/team/app@${digest}`, `quay.io/team/app@${digest}`],
    [`localhost:5000/app@${digest}`, `localhost:5000/app@${digest}`],
    ['host.example/a__b/c---d/e.f_g:_x', 'host.example/a__b/c---d/e.f_g:_x'],
    ['xn--bcher-kva.example/app', 'xn--bcher-kva.example/app:latest'],
  ])('reads %s as %s', (text, expected) => {
    expect(formatReference(parsed(text))).toBe(expected);
  });

  it('lets a digest win over a tag', () => {
    expect(parsed(`quay.io/team/app:v1@${digest}`).target).toEqual({ kind: 'digest', digest });
  });

  it.each([
    ['', 'the repository name is missing'],
    ['quay.io/', 'the repository name is missing'],
    [':v1', 'the repository name is missing'],
    ['Alpine', '"Alpine" is not a repository name: it must be lower case'],
    ['quay.io/Team/app', '"Team/app" is not a repository name: it must be lower case'],
    ['quay.io//app', '"/app" is not a repository name'],
    ['quay.io/app/', '"app/" is not a repository name'],
    ['quay.io/../app', '"../app" is not a repository name'],
    ['quay.io/a..b', '"a..b" is not a repository name'],
    ['quay.io/app?x=1', '"app?x=1" is not a repository name'],
    ['quay.io/app%2f', '"app%2f" is not a repository name'],
    ['Team/app', '"Team/app" is not a repository name: it must be lower case'],
    ['0x7f.1/app', '"0x7f.1" is not a registry host'],
    ['127.1:5000/app', '"127.1:5000" is not a registry host'],
    ['1.2.3.456/app', '"1.2.3.456" is not a registry host'],
    ['-host.example/app', '"-host.example" is not a registry host'],
    ['host_x.example/app', '"host_x.example" is not a registry host'],
    ['user@host.example/app', '"host.example/app" is not a digest'],
    ['host.example:/app', '"host.example:" is not a registry host'],
    ['host.example:0/app', '"host.example:0" is not a registry host'],
    ['host.example:65536/app', '"host.example:65536" is not a registry host'],
    ['host.example:5000:1/app', '"host.example:5000:1" is not a registry host'],
    ['[::1/app', '"[::1" is not a registry host'],
    ['[fe80::1%eth0]/app', '"[fe80::1%eth0]" is not a registry host'],
    ['[127.0.0.1]/app', '"[127.0.0.1]" is not a registry host'],
    ['https://quay.io/app', '"https:" is not a registry host'],
    ['quay.io/app:', '"" is not a tag'],
    ['quay.io/app:.x', '".x" is not a tag'],
    [`quay.io/app:${'x'.repeat(129)}`, `"${'x'.repeat(129)}" is not a tag`],
    ['quay.io/app@sha256:abc', '"sha256:abc" is not a digest'],
    ['quay.io/app@', '"" is not a digest'],
    [`quay.io/${'a'.repeat(250)}`, 'the name is longer than 255 characters'],
    ['quay.io/app \n', '"app \n" is not a repository name'],
  ])('refuses %j', (text, problem) => {
    expect(problemOf(text)).toBe(problem);
  });

  const label = fc
    .stringMatching(/^[a-z]([a-z0-9-]{0,6}[a-z0-9])?$/)
    .filter((text) => !text.startsWith('xn--'));
  const host = fc
    .tuple(fc.array(label, { minLength: 2, maxLength: 4 }), fc.option(fc.integer({ min: 1, max: 65_535 })))
    .map(([labels, port]) => `${labels.join('.')}${port === null ? '' : `:${port}`}`);
  const path = fc.array(fc.stringMatching(/^[a-z0-9]{1,8}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,2}$/), {
    minLength: 1,
    maxLength: 4,
  });
  const tag = fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,20}$/);

  it('reads what formatReference writes', () => {
    fc.assert(
      fc.property(host, path, tag, fc.boolean(), (registry, components, name, byDigest) => {
        const text = `${registry}/${components.join('/')}${byDigest ? `@${digest}` : `:${name}`}`;
        expect(formatReference(parsed(text))).toBe(text);
      }),
    );
  });

  it('never makes a reference that reads differently, whatever came in', () => {
    const soup = fc.string({ unit: fc.constantFrom(...'ab/:@.-_[]%AZ09sha256 \n'.split('')), maxLength: 40 });
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => {
        const result = parseReference(text);
        if (result.ok) expect(parsed(formatReference(result.reference))).toEqual(result.reference);
      }),
      { numRuns: 2_000 },
    );
  });

  it('makes only references that stay where they are in a URL', () => {
    fc.assert(
      fc.property(host, fc.string(), (registry, rest) => {
        const result = parseReference(`${registry}/${rest}`);
        if (!result.ok) return;
        const url = new URL(
          `https://${result.reference.registry}/v2/${result.reference.repository}/tags/list`,
        );
        expect(url.pathname).toBe(`/v2/${result.reference.repository}/tags/list`);
      }),
    );
  });
});

describe('parseRepository', () => {
  it('knows no tags', () => {
    expect(parseRepository('quay.io/team/app:v1').ok).toBe(false);
    expect(parseRepository('quay.io/team/app')).toEqual({
      ok: true,
      repository: { registry: 'quay.io', repository: 'team/app' },
    });
  });
});
