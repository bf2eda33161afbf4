import { createHash } from 'node:crypto';
import type { Catalog, GroupVersion } from './catalog.ts';
import { groupVersionPath } from './discovery.ts';
import type { JsonObject } from './json.ts';
import { componentSchemas, groupVersionKind, kindReference, listReference } from './openapi-schemas.ts';
import { patchMediaTypes } from './patch.ts';
import type { RestStorage } from './rest-storage.ts';

/**
 * `/openapi/v3`: what `kubectl explain`, `apply` and `--validate` know of the kinds. One document per group version, each under a URL
 * that changes with its content.
 *
 * @see https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3
 */

const stringParameter = (name: string, place: 'query' | 'path', description: string): JsonObject => ({
  name,
  in: place,
  ...(place === 'path' ? { required: true } : {}),
  description,
  schema: { type: 'string', uniqueItems: true },
});

const dryRun = stringParameter('dryRun', 'query', 'With All, everything is done but storing.');
const fieldManager = stringParameter('fieldManager', 'query', 'Who makes the change.');
const fieldValidation = stringParameter(
  'fieldValidation',
  'query',
  'What happens to unknown and duplicate fields: Strict, Warn or Ignore.',
);
const force: JsonObject = {
  name: 'force',
  in: 'query',
  description: 'Takes fields over from other managers; for apply patches.',
  schema: { type: 'boolean', uniqueItems: true },
};
const namespaceParameter = stringParameter('namespace', 'path', 'The namespace.');
const nameParameter = stringParameter('name', 'path', 'The name of the object.');

const bodyMediaTypes = ['application/json', 'application/yaml'] as const;

const contentOf = (mediaTypes: readonly string[], schema: JsonObject): JsonObject =>
  Object.fromEntries(mediaTypes.map((mediaType) => [mediaType, { schema }]));

type OperationParts = {
  readonly action: string;
  readonly schema: JsonObject;
  readonly parameters?: readonly JsonObject[];
  readonly body?: JsonObject;
};

const operation = (
  storage: RestStorage,
  { action, schema, parameters = [], body }: OperationParts,
): JsonObject => ({
  'x-kubernetes-action': action,
  'x-kubernetes-group-version-kind': groupVersionKind(storage.resource),
  ...(parameters.length === 0 ? {} : { parameters }),
  ...(body === undefined ? {} : { requestBody: { required: true, content: body } }),
  responses: { 200: { description: 'OK', content: contentOf(bodyMediaTypes, schema) } },
});

const writeParameters = [dryRun, fieldManager, fieldValidation];

/** Operations on one object. */
const itemOperations = (storage: RestStorage): JsonObject => {
  const schema = kindReference(storage.resource);
  const put = { action: 'put', schema, parameters: writeParameters, body: contentOf(bodyMediaTypes, schema) };
  const patch = {
    action: 'patch',
    schema,
    parameters: [...writeParameters, force],
    body: contentOf(patchMediaTypes, { type: 'object' }),
  };
  return {
    ...(storage.get === undefined ? {} : { get: operation(storage, { action: 'get', schema }) }),
    ...(storage.update === undefined
      ? {}
      : { put: operation(storage, put), patch: operation(storage, patch) }),
    ...(storage.delete === undefined
      ? {}
      : { delete: operation(storage, { action: 'delete', schema, parameters: [dryRun] }) }),
  };
};

/** POST to a collection, or to a subresource. */
const creation = (storage: RestStorage): JsonObject => {
  if (storage.create === undefined) return {};
  const schema = kindReference(storage.resource);
  const body = contentOf(bodyMediaTypes, schema);
  return { post: operation(storage, { action: 'post', schema, parameters: writeParameters, body }) };
};

const collectionOperations = (storage: RestStorage): JsonObject => {
  const list = listReference(storage.resource);
  const deletion = { action: 'deletecollection', schema: list, parameters: [dryRun] };
  return {
    ...(storage.list === undefined ? {} : { get: operation(storage, { action: 'list', schema: list }) }),
    ...creation(storage),
    ...(storage.deleteCollection === undefined ? {} : { delete: operation(storage, deletion) }),
  };
};

const pathsOf = (prefix: string, storage: RestStorage): readonly (readonly [string, JsonObject])[] => {
  const { plural, namespaced } = storage.resource;
  const scope = namespaced ? `${prefix}/namespaces/{namespace}` : prefix;
  const scopeParameters = namespaced ? [namespaceParameter] : [];
  const itemParameters = [nameParameter, ...scopeParameters];
  return [
    ...(namespaced && storage.list !== undefined
      ? [
          [
            `${prefix}/${plural}`,
            { get: operation(storage, { action: 'list', schema: listReference(storage.resource) }) },
          ] as const,
        ]
      : []),
    [`${scope}/${plural}`, { ...collectionOperations(storage), parameters: scopeParameters }],
    [`${scope}/${plural}/{name}`, { ...itemOperations(storage), parameters: itemParameters }],
    ...Object.entries(storage.subresources ?? {}).map(
      ([name, subresource]) =>
        [
          `${scope}/${plural}/{name}/${name}`,
          { ...itemOperations(subresource), ...creation(subresource), parameters: itemParameters },
        ] as const,
    ),
  ];
};

const documentOf = (groupVersion: GroupVersion, version: string): JsonObject => {
  const prefix = `/${groupVersionPath(groupVersion)}`;
  const served = groupVersion.storages.flatMap((storage) => [
    storage.resource,
    ...Object.values(storage.subresources ?? {}).map(({ resource }) => resource),
  ]);
  return {
    openapi: '3.0.0',
    info: { title: 'imagestreams', version },
    paths: Object.fromEntries(groupVersion.storages.flatMap((storage) => pathsOf(prefix, storage))),
    components: {
      schemas: componentSchemas([...new Set(served)]),
      securitySchemes: { BearerToken: { type: 'http', scheme: 'bearer' } },
    },
  };
};

/** A document and whether the URL names its content, so that whoever has it need not ask again. */
export type OpenApiDocument = { readonly text: string; readonly isPinned: boolean };

/** Answers `/openapi/v3` and what is below it with JSON texts; undefined for any other path. `hash` is that of the query. */
export const createOpenApi = (catalog: Catalog, version: string) => {
  const documents = new Map(
    catalog.groupVersions.map((groupVersion) => {
      const text = JSON.stringify(documentOf(groupVersion, version));
      const hash = createHash('sha256').update(text).digest('hex').toUpperCase();
      return [groupVersionPath(groupVersion), { text, hash }] as const;
    }),
  );
  const paths = Object.fromEntries(
    [...documents].map(([path, { hash }]) => [
      path,
      { serverRelativeURL: `/openapi/v3/${path}?hash=${hash}` },
    ]),
  );
  const index = JSON.stringify({ paths });
  return (path: string, hash: string | null): OpenApiDocument | undefined => {
    if (path === '/openapi/v3') return { text: index, isPinned: false };
    if (!path.startsWith('/openapi/v3/')) return undefined;
    const document = documents.get(path.slice('/openapi/v3/'.length));
    return document && { text: document.text, isPinned: document.hash === hash };
  };
};
