import type { Catalog, GroupVersion } from './catalog.ts';
import { parseAccept } from './negotiate.ts';
import type { RestStorage } from './rest-storage.ts';

/**
 * What is served, told to clients: one document per group version (plain) or all in one (aggregated).
 *
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api
 */

/** Each verb with the method that it needs. PATCH is an update of what is stored. */
const verbMethods = {
  create: 'create',
  delete: 'delete',
  deletecollection: 'deleteCollection',
  get: 'get',
  list: 'list',
  patch: 'update',
  update: 'update',
  watch: 'watch',
} as const satisfies Readonly<Record<string, keyof RestStorage>>;

const verbsOf = (storage: RestStorage): readonly string[] =>
  Object.entries(verbMethods).flatMap(([verb, method]) => (storage[method] === undefined ? [] : [verb]));

const subresourcesOf = (storage: RestStorage): readonly (readonly [string, RestStorage])[] =>
  Object.entries(storage.subresources ?? {}).toSorted(([a], [b]) => (a < b ? -1 : 1));

/** A kind of another group than the resource's own is named with its group and version. */
const plainResource = (storage: RestStorage, { resource: parent }: RestStorage, name: string) => {
  const { resource } = storage;
  const isOwn = resource.group === parent.group && resource.version === parent.version;
  return {
    name,
    singularName: storage.resource === parent && name === parent.plural ? parent.singular : '',
    namespaced: parent.namespaced,
    ...(isOwn ? {} : { group: resource.group, version: resource.version }),
    kind: resource.kind,
    verbs: verbsOf(storage),
  };
};

const plainResources = (storage: RestStorage) => {
  const { resource } = storage;
  const { shortNames, categories } = resource;
  return [
    {
      ...plainResource(storage, storage, resource.plural),
      ...(shortNames.length === 0 ? {} : { shortNames }),
      ...(categories.length === 0 ? {} : { categories }),
    },
    ...subresourcesOf(storage).map(([name, subresource]) =>
      plainResource(subresource, storage, `${resource.plural}/${name}`),
    ),
  ];
};

const groupVersionName = ({ group, version }: GroupVersion): string =>
  group === '' ? version : `${group}/${version}`;

/** `/api/v1`, `/apis/GROUP/VERSION`. */
const resourceList = (groupVersion: GroupVersion) => ({
  kind: 'APIResourceList',
  apiVersion: 'v1',
  groupVersion: groupVersionName(groupVersion),
  resources: groupVersion.storages.flatMap(plainResources),
});

type Group = { readonly name: string; readonly versions: readonly GroupVersion[] };

const groupsOf = ({ groupVersions }: Catalog): readonly Group[] =>
  [...Map.groupBy(groupVersions, ({ group }) => group)].map(([name, versions]) => ({ name, versions }));

const plainGroup = ({ name, versions }: Group) => {
  const entries = versions.map((groupVersion) => ({
    groupVersion: groupVersionName(groupVersion),
    version: groupVersion.version,
  }));
  return { name, versions: entries, preferredVersion: entries[0] };
};

const responseKind = ({ resource: { group, version, kind } }: RestStorage) => ({ group, version, kind });

const aggregatedResource = (storage: RestStorage) => {
  const { plural, singular, namespaced, shortNames, categories } = storage.resource;
  const subresources = subresourcesOf(storage).map(([subresource, sub]) => ({
    subresource,
    responseKind: responseKind(sub),
    verbs: verbsOf(sub),
  }));
  return {
    resource: plural,
    responseKind: responseKind(storage),
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs: verbsOf(storage),
    ...(shortNames.length === 0 ? {} : { shortNames }),
    ...(categories.length === 0 ? {} : { categories }),
    ...(subresources.length === 0 ? {} : { subresources }),
  };
};

const aggregatedList = (groups: readonly Group[], version: string) => ({
  kind: 'APIGroupDiscoveryList',
  apiVersion: `apidiscovery.k8s.io/${version}`,
  metadata: {},
  items: groups.map(({ name, versions }) => ({
    metadata: { ...(name === '' ? {} : { name }), creationTimestamp: null },
    versions: versions.map(({ version: served, storages }) => ({
      version: served,
      resources: storages.map(aggregatedResource),
      freshness: 'Current',
    })),
  })),
});

/** The version of the aggregated form that the client prefers to the plain one; undefined: the plain one. */
const aggregatedVersion = (accept: string | undefined): string | undefined => {
  for (const { mediaType, parameters } of parseAccept(accept)) {
    const { as, g, v } = parameters;
    if (as === undefined) return undefined;
    const wanted = as === 'APIGroupDiscoveryList' && g === 'apidiscovery.k8s.io';
    if (mediaType === 'application/json' && wanted && (v === 'v2' || v === 'v2beta1')) return v;
  }
  return undefined;
};

export type DiscoveryDocument = { readonly contentType: string; readonly body: unknown };

const plain = (body: unknown): DiscoveryDocument => ({ contentType: 'application/json', body });

const aggregated = (groups: readonly Group[], version: string): DiscoveryDocument => ({
  contentType: `application/json;g=apidiscovery.k8s.io;v=${version};as=APIGroupDiscoveryList`,
  body: aggregatedList(groups, version),
});

/** Answers `/api`, `/apis` and what is below them down to a group version; undefined for any other path. */
export const createDiscovery = (catalog: Catalog) => {
  const groups = groupsOf(catalog);
  const core = groups.filter(({ name }) => name === '');
  const named = groups.filter(({ name }) => name !== '');
  const documents = new Map<string, unknown>([
    [
      '/api',
      {
        kind: 'APIVersions',
        versions: core.flatMap(({ versions }) => versions.map(({ version }) => version)),
        serverAddressByClientCIDRs: [],
      },
    ],
    ['/apis', { kind: 'APIGroupList', apiVersion: 'v1', groups: named.map(plainGroup) }],
    ...named.map(
      (group) =>
        [`/apis/${group.name}`, { kind: 'APIGroup', apiVersion: 'v1', ...plainGroup(group) }] as const,
    ),
    ...catalog.groupVersions.map(
      (groupVersion) =>
        [
          `${groupVersion.group === '' ? '/api' : '/apis'}/${groupVersionName(groupVersion)}`,
          resourceList(groupVersion),
        ] as const,
    ),
  ]);
  return (path: string, accept: string | undefined): DiscoveryDocument | undefined => {
    const version = aggregatedVersion(accept);
    if (version !== undefined && path === '/api') return aggregated(core, version);
    if (version !== undefined && path === '/apis') return aggregated(named, version);
    const document = documents.get(path);
    return document === undefined ? undefined : plain(document);
  };
};

/** The name under which a group version's documents are found, e.g. `apis/apps/v1`. */
export const groupVersionPath = (groupVersion: GroupVersion): string =>
  `${groupVersion.group === '' ? 'api' : 'apis'}/${groupVersionName(groupVersion)}`;
