import { describe, expect, it } from 'vitest';
import { parseTarget } from './router.ts';

const none = { namespace: undefined, name: undefined, subresource: undefined };
const core = { kind: 'resource', group: '', version: 'v1', ...none };
const image = { kind: 'resource', group: 'image.openshift.io', version: 'v1', ...none };

describe('parseTarget', () => {
  const rows = [
    { path: '/api/v1/namespaces', target: { ...core, plural: 'namespaces' } },
    { path: '/api/v1/namespaces/a', target: { ...core, plural: 'namespaces', name: 'a' } },
    {
      path: '/api/v1/namespaces/a/status',
      target: { ...core, plural: 'namespaces', name: 'a', subresource: 'status' },
    },
    { path: '/api/v1/namespaces/a/secrets', target: { ...core, plural: 'secrets', namespace: 'a' } },
    {
      path: '/apis/image.openshift.io/v1/imagestreams/',
      target: { ...image, plural: 'imagestreams' },
    },
    {
      path: '/apis/image.openshift.io/v1/namespaces/a/imagestreamtags/app%3Av1',
      target: { ...image, plural: 'imagestreamtags', namespace: 'a', name: 'app:v1' },
    },
    {
      path: '/apis/image.openshift.io/v1/namespaces/a/imagestreams/s/status',
      target: { ...image, plural: 'imagestreams', namespace: 'a', name: 's', subresource: 'status' },
    },
    { path: '/api/v1', target: { kind: 'path', path: '/api/v1' } },
    { path: '/apis/apps/v1', target: { kind: 'path', path: '/apis/apps/v1' } },
    { path: '/openapi/v3', target: { kind: 'path', path: '/openapi/v3' } },
  ];
  for (const { path, target } of rows)
    it(`reads ${path}`, () => {
      expect(parseTarget(path)).toEqual(target);
    });

  it('refuses a broken escape', () => {
    expect(() => parseTarget('/api/v1/namespaces/%zz')).toThrow('not percent-encoded');
  });
});
