import { describe, expect, it } from 'vitest';
import { secrets } from '../api/core.ts';
import { imageStreams, images } from '../api/resources.ts';
import { collectionPath, fromWire, objectPath, selectors, toWire } from './wire.ts';

const digest = `sha256:${'0f'.repeat(32)}`;

describe('paths', () => {
  it('ask for kinds of ours through the alias of their version, and for others as they are', () => {
    expect(collectionPath(imageStreams, 'shop')).toBe(
      '/apis/image.openshift.io/v1crd/namespaces/shop/imagestreams',
    );
    expect(collectionPath(secrets, undefined)).toBe('/api/v1/secrets');
  });

  it('name images without a colon, and subresources behind the name', () => {
    expect(objectPath(images, { namespace: '', name: digest })).toBe(
      `/apis/image.openshift.io/v1crd/images/sha256-${'0f'.repeat(32)}`,
    );
    expect(objectPath(imageStreams, { namespace: 'shop', name: 'app' }, 'status')).toMatch(
      /\/imagestreams\/app\/status$/,
    );
  });

  it('let no name out of its place', () => {
    expect(objectPath(secrets, { namespace: 'a/../b', name: '../x' })).toBe(
      '/api/v1/namespaces/a%2F..%2Fb/secrets/..%2Fx',
    );
  });
});

describe('objects', () => {
  const metadata = {
    name: digest,
    uid: 'u',
    resourceVersion: '7',
    generation: 2,
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { a: 'b' },
  };

  it('are sent without what servers set, and new ones without what they get', () => {
    const object = { apiVersion: 'image.openshift.io/v1', kind: 'Image', metadata };
    const name = `sha256-${'0f'.repeat(32)}`;
    const wire = { apiVersion: 'image.openshift.io/v1crd', kind: 'Image' };
    expect(toWire(images, object, false)).toEqual({
      ...wire,
      metadata: { name, uid: 'u', resourceVersion: '7', labels: { a: 'b' } },
    });
    expect(toWire(images, object, true)).toEqual({ ...wire, metadata: { name, labels: { a: 'b' } } });
  });

  it('are received as everybody else knows them, without managedFields', () => {
    const received = {
      metadata: { ...metadata, name: 'sha256-0f', managedFields: [{ manager: 'kubectl' }] },
    };
    expect(fromWire(images, received)).toEqual({
      apiVersion: 'image.openshift.io/v1',
      kind: 'Image',
      metadata: { ...metadata, name: 'sha256:0f' },
    });
  });
});

describe('selectors', () => {
  it('are written as the API reads them', () => {
    expect(
      selectors(images, {
        labels: [
          { key: 'a', operator: 'In', values: ['1', '2'] },
          { key: 'b', operator: 'NotIn', values: ['3'] },
          { key: 'c', operator: 'Exists' },
          { key: 'd', operator: 'DoesNotExist' },
        ],
        fields: [
          { path: 'metadata.name', operator: '=', value: 'sha256:0f' },
          { path: 'type', operator: '!=', value: 'a,b=c\\' },
        ],
      }),
    ).toEqual({
      labelSelector: 'a in (1,2),b notin (3),c,!d',
      fieldSelector: 'metadata.name=sha256-0f,type!=a\\,b\\=c\\\\',
    });
  });

  it('are left out where nothing is selected', () => {
    expect(selectors(secrets, { labels: [], fields: undefined })).toEqual({
      labelSelector: undefined,
      fieldSelector: undefined,
    });
  });
});
