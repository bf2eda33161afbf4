import { apiVersionOf, type Resource } from '../api/resource.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { type JsonSchema, patchMergeOf, schemaOf } from './json-schema.ts';

const metaPackage = 'io.k8s.apimachinery.pkg.apis.meta.v1';
const reference = (name: string): JsonObject => ({ $ref: `#/components/schemas/${name}` });

/** Standard words for the fields that every object has. */
const standardFields = {
  apiVersion: {
    type: 'string',
    description: 'APIVersion defines the versioned schema of this representation of an object.',
  },
  kind: {
    type: 'string',
    description: 'Kind is a string value representing the REST resource this object represents.',
  },
} as const;

/** How a list merges, said in the words of strategic merge patch too: `kubectl apply` computes its patches by them. */
const patchWords = (schema: JsonSchema): JsonObject => {
  const merge = patchMergeOf(schema);
  if (merge.kind === 'atomic') return {};
  const [key] = merge.kind === 'map' ? merge.keys : [];
  const strategy = { 'x-kubernetes-patch-strategy': schema['x-kubernetes-patch-strategy'] ?? 'merge' };
  return key === undefined ? strategy : { ...strategy, 'x-kubernetes-patch-merge-key': key };
};

/** A schema as OpenAPI 3.0 has it. TypeBox schemas differ only in words that mean nothing there. */
const openApiSchema = (schema: JsonSchema): JsonObject =>
  Object.fromEntries(
    Object.entries({ ...schema, ...patchWords(schema) })
      .filter(([key]) => key !== 'title')
      .map(([key, value]) => {
        if (key === 'properties' && isJsonObject(value))
          return [
            key,
            Object.fromEntries(Object.entries(value).map(([name, field]) => [name, inner(field)])),
          ];
        return [key, key === 'items' || key === 'additionalProperties' ? inner(value) : value];
      }),
  );

const inner = (value: unknown): unknown => (isJsonObject(value) ? openApiSchema(value) : value);

/** Packages of the Go types, which name schemas in every Kubernetes OpenAPI document. */
const packages: Readonly<Record<string, string>> = {
  '': 'io.k8s.api.core',
  apps: 'io.k8s.api.apps',
  'authorization.k8s.io': 'io.k8s.api.authorization',
  'authentication.k8s.io': 'io.k8s.api.authentication',
  'image.openshift.io': 'com.github.openshift.api.image',
};

/** Name of a kind's schema, e.g. `io.k8s.api.core.v1.Secret`. */
export const schemaName = ({ group, version, kind }: Resource): string =>
  `${packages[group] ?? group.split('.').toReversed().join('.')}.${version}.${kind}`;

/** The kind as `kubectl` looks schemas and operations up by. */
export const groupVersionKind = ({ group, version, kind }: Resource) => ({ group, version, kind });

const metadataSchema = (schema: JsonSchema): unknown => {
  const properties = schema['properties'];
  return isJsonObject(properties) ? properties['metadata'] : undefined;
};

const kindSchema = (resource: Resource): JsonObject => {
  const schema = openApiSchema(schemaOf(resource));
  const properties = isJsonObject(schema['properties']) ? schema['properties'] : {};
  return {
    ...schema,
    properties: {
      ...properties,
      ...standardFields,
      ...('metadata' in properties ? { metadata: reference(`${metaPackage}.ObjectMeta`) } : {}),
    },
    'x-kubernetes-group-version-kind': [groupVersionKind(resource)],
  };
};

const listSchema = (resource: Resource): JsonObject => ({
  type: 'object',
  description: `${resource.kind}List is a list of ${resource.kind} objects of ${apiVersionOf(resource)}.`,
  required: ['items'],
  properties: {
    ...standardFields,
    metadata: reference(`${metaPackage}.ListMeta`),
    items: { type: 'array', items: reference(schemaName(resource)) },
  },
  'x-kubernetes-group-version-kind': [{ ...groupVersionKind(resource), kind: `${resource.kind}List` }],
});

const listMetaSchema: JsonObject = {
  type: 'object',
  description: 'Metadata of a list.',
  properties: {
    resourceVersion: { type: 'string' },
    continue: { type: 'string' },
    remainingItemCount: { type: 'integer', format: 'int64' },
  },
};

/** Parts of metadata that Kubernetes names; `kubectl explain` prints the names. */
const namedParts: Readonly<Record<string, string>> = {
  managedFields: 'ManagedFieldsEntry',
  ownerReferences: 'OwnerReference',
  fieldsV1: 'FieldsV1',
};

/** An object's schema under its name, with its named parts as schemas of their own. */
const metaSchemas = (name: string, schema: JsonObject): JsonObject => {
  const parts: JsonObject[] = [];
  const properties = Object.entries(isJsonObject(schema['properties']) ? schema['properties'] : {}).map(
    ([field, property]) => {
      const part = namedParts[field];
      if (part === undefined || !isJsonObject(property)) return [field, property];
      const { items } = property;
      parts.push(metaSchemas(part, isJsonObject(items) ? items : property));
      const named = reference(`${metaPackage}.${part}`);
      return [field, isJsonObject(items) ? { ...property, items: named } : named];
    },
  );
  const whole = properties.length === 0 ? schema : { ...schema, properties: Object.fromEntries(properties) };
  return Object.assign({ [`${metaPackage}.${name}`]: whole }, ...parts) as JsonObject;
};

/** The schemas that the operations of these resources refer to. */
export const componentSchemas = (resources: readonly Resource[]): JsonObject => {
  const metadata = resources.map((resource) => metadataSchema(schemaOf(resource))).find(isJsonObject);
  return {
    ...Object.fromEntries(
      resources.flatMap((resource) => [
        [schemaName(resource), kindSchema(resource)],
        [`${schemaName(resource)}List`, listSchema(resource)],
      ]),
    ),
    ...(metadata === undefined ? {} : metaSchemas('ObjectMeta', openApiSchema(metadata))),
    [`${metaPackage}.ListMeta`]: listMetaSchema,
  };
};

/** Points at a kind's schema, or at that of its list. */
export const kindReference = (resource: Resource): JsonObject => reference(schemaName(resource));
export const listReference = (resource: Resource): JsonObject => reference(`${schemaName(resource)}List`);
