import { describe, expect, it } from 'vitest';
import {
  formatDockerImageReference,
  mostSpecific,
  parseDockerImageReference,
  withClientDefaults,
} from './docker-image-reference.ts';

const sha = `sha256:${'a'.repeat(64)}`;
const reference = (text: string) => {
  const parsed = parseDockerImageReference(text);
  if ('error' in parsed) throw new Error(`${text}: ${parsed.error}`);
  return parsed;
};

describe('parseDockerImageReference', () => {
  const none = { registry: '', namespace: '', name: '', tag: '', id: '' };
  const rows = [
    { text: 'mysql', expected: { name: 'mysql' } },
    { text: 'mysql:5.7', expected: { name: 'mysql', tag: '5.7' } },
    { text: 'foo/bar', expected: { namespace: 'foo', name: 'bar' } },
    { text: 'a/b/c/d:x', expected: { namespace: 'a', name: 'b/c/d', tag: 'x' } },
    { text: 'quay.io/app', expected: { registry: 'quay.io', name: 'app' } },
    { text: 'quay.io/org/team/app', expected: { registry: 'quay.io', namespace: 'org', name: 'team/app' } },
    {
      text: '127.0.0.1:5005/demo/app:v1',
      expected: { registry: '127.0.0.1:5005', namespace: 'demo', name: 'app', tag: 'v1' },
    },
    { text: 'localhost/app', expected: { registry: 'localhost', name: 'app' } },
    { text: 'localhost:5000/app', expected: { registry: 'localhost:5000', name: 'app' } },
    { text: `foo/bar:t@${sha}`, expected: { namespace: 'foo', name: 'bar', tag: 't', id: sha } },
    { text: 'my.app', expected: { registry: 'my.app' } },
    { text: 'my.app:v1', expected: { registry: 'my.app:v1' } },
    { text: 'localhost', expected: { registry: 'localhost' } },
    { text: 'Host.Example/app', expected: { registry: 'Host.Example', name: 'app' } },
    { text: 'a__b/c---d/e.f_g', expected: { namespace: 'a__b', name: 'c---d/e.f_g' } },
  ];
  for (const { text, expected } of rows) {
    it(`splits ${text}`, () => {
      expect(parseDockerImageReference(text)).toEqual({ ...none, ...expected });
    });
  }

  const bad = [
    { text: '', error: 'repository name must have at least one component' },
    { text: '!!!', error: 'invalid reference format' },
    { text: 'a b', error: 'invalid reference format' },
    { text: 'foo/', error: 'invalid reference format' },
    { text: '/foo', error: 'invalid reference format' },
    { text: 'foo:', error: 'invalid reference format' },
    { text: `foo:${'t'.repeat(129)}`, error: 'invalid reference format' },
    { text: 'foo@sha256:abc', error: 'invalid reference format' },
    { text: 'Foo/Bar', error: 'repository name must be lowercase' },
    { text: 'x'.repeat(256), error: 'repository name must not be more than 255 characters' },
    { text: 'x'.repeat(100_000), error: 'repository name must not be more than 255 characters' },
    { text: `foo@sha256:${'a'.repeat(63)}`, error: 'invalid checksum digest length' },
    { text: `foo@md5:${'a'.repeat(32)}`, error: 'unsupported digest algorithm' },
    { text: `foo@constructor:${'a'.repeat(32)}`, error: 'unsupported digest algorithm' },
  ];
  for (const { text, error } of bad) {
    it(`refuses ${text.length > 80 ? `${text.length} characters` : JSON.stringify(text)}`, () => {
      expect(parseDockerImageReference(text)).toEqual({ error });
    });
  }

  it('needs no time for hostile text', () => {
    const started = performance.now();
    parseDockerImageReference(`${'a-'.repeat(500)}!`);
    parseDockerImageReference(`${'a.'.repeat(500)}!`);
    expect(performance.now() - started).toBeLessThan(100);
  });
});

describe('formatDockerImageReference', () => {
  for (const text of ['mysql', 'foo/bar:x', 'quay.io/a/b/c:1', `quay.io/a/b@${sha}`, '127.0.0.1:5005/a']) {
    it(`prints ${text.slice(0, 20)} as it was written`, () => {
      expect(formatDockerImageReference(reference(text))).toBe(text);
    });
  }
  it('prints the digest alone where there is a tag too', () => {
    expect(formatDockerImageReference(reference(`foo:t@${sha}`))).toBe(`foo@${sha}`);
  });
});

describe('derived forms', () => {
  it('fills in what a Docker client would', () => {
    expect(withClientDefaults(reference('nginx'))).toEqual({
      registry: 'docker.io',
      namespace: 'library',
      name: 'nginx',
      tag: 'latest',
      id: '',
    });
    expect(formatDockerImageReference(withClientDefaults(reference('quay.io/nginx')))).toBe(
      'quay.io/nginx:latest',
    );
    expect(withClientDefaults(reference(`nginx@${sha}`)).tag).toBe('latest');
  });
  it('drops the tag beside a digest', () => {
    expect(mostSpecific(reference(`foo:t@${sha}`))).toMatchObject({ tag: '', id: sha });
    expect(mostSpecific(reference('foo:t'))).toMatchObject({ tag: 't', id: '' });
  });
});
