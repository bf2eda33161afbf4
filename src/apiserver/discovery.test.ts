import { describe, expect, it } from 'vitest';
import { configMaps } from '../api/core.ts';
import { imageStreams, images } from '../api/resources.ts';
import { createCatalog } from './catalog.ts';
import { createDiscovery } from './discovery.ts';
import type { RestStorage } from './rest-storage.ts';

const never = (): never => {
  throw new Error('discovery calls no storage');
};
const readable = { columns: [], get: never, list: never, watch: never } as const;
const storages: readonly RestStorage[] = [
  { resource: configMaps, ...readable, create: never },
  {
    resource: imageStreams,
    ...readable,
    update: never,
    subresources: { status: { resource: imageStreams, columns: [], get: never, update: never } },
  },
  { resource: images, ...readable, delete: never, deleteCollection: never },
];
const discovery = createDiscovery(createCatalog(storages));
const aggregated = (version: string): string =>
  `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`;

describe('plain discovery', () => {
  it('names the core version and the groups', () => {
    expect(discovery('/api', undefined)?.body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
    const version = { groupVersion: 'image.openshift.io/v1', version: 'v1' };
    const group = { name: 'image.openshift.io', versions: [version], preferredVersion: version };
    expect(discovery('/apis', 'application/json')?.body).toEqual({
      kind: 'APIGroupList',
      apiVersion: 'v1',
      groups: [group],
    });
    expect(discovery('/apis/image.openshift.io', undefined)?.body).toMatchObject({
      kind: 'APIGroup',
      ...group,
    });
  });

  it('names resources with their verbs, and subresources', () => {
    expect(discovery('/apis/image.openshift.io/v1', undefined)?.body).toEqual({
      kind: 'APIResourceList',
      apiVersion: 'v1',
      groupVersion: 'image.openshift.io/v1',
      resources: [
        {
          name: 'imagestreams',
          singularName: 'imagestream',
          namespaced: true,
          kind: 'ImageStream',
          verbs: ['get', 'list', 'patch', 'update', 'watch'],
          shortNames: ['is'],
          categories: ['all'],
        },
        {
          name: 'imagestreams/status',
          singularName: '',
          namespaced: true,
          kind: 'ImageStream',
          verbs: ['get', 'patch', 'update'],
        },
        {
          name: 'images',
          singularName: 'image',
          namespaced: false,
          kind: 'Image',
          verbs: ['delete', 'deletecollection', 'get', 'list', 'watch'],
        },
      ],
    });
  });

  it('knows no other path', () => {
    for (const path of ['', '/apis/nothing', '/apis/image.openshift.io/v2', '/api/v2'])
      expect(discovery(path, undefined)).toBeUndefined();
  });
});

describe('aggregated discovery', () => {
  for (const version of ['v2', 'v2beta1'])
    it(`tells all groups at once to who prefers ${version}`, () => {
      const answer = discovery('/apis', `${aggregated(version)},application/json`);
      expect(answer?.contentType).toBe(aggregated(version));
      expect(answer?.body).toMatchObject({
        kind: 'APIGroupDiscoveryList',
        apiVersion: `apidiscovery.k8s.io/${version}`,
        items: [
          {
            metadata: { name: 'image.openshift.io' },
            versions: [
              {
                version: 'v1',
                freshness: 'Current',
                resources: [
                  {
                    resource: 'imagestreams',
                    responseKind: { group: 'image.openshift.io', version: 'v1', kind: 'ImageStream' },
                    scope: 'Namespaced',
                    singularResource: 'imagestream',
                    subresources: [{ subresource: 'status', verbs: ['get', 'patch', 'update'] }],
                  },
                  { resource: 'images', scope: 'Cluster' },
                ],
              },
            ],
          },
        ],
      });
    });

  it('tells the core group apart', () => {
    const items = discovery('/api', aggregated('v2'))?.body as { readonly items: readonly object[] };
    expect(items.items).toMatchObject([
      { versions: [{ version: 'v1', resources: [{ resource: 'configmaps' }] }] },
    ]);
  });

  it('gives the plain form to who prefers it, or another version', () => {
    expect(discovery('/apis', `application/json,${aggregated('v2')}`)?.contentType).toBe('application/json');
    expect(discovery('/apis', `${aggregated('v9')},application/json`)?.contentType).toBe('application/json');
  });
});

describe('createCatalog', () => {
  it('refuses two storages of one resource', () => {
    expect(() => createCatalog([...storages, ...storages])).toThrow('two storages serve /v1/configmaps');
  });
});
