import type { Resource } from '../api/resource.ts';
import { fieldOf, isJsonObject, type JsonObject } from './json.ts';

/** The schema of a resource's kind as data, with the `x-kubernetes-` extensions that say how lists merge. */
export type JsonSchema = JsonObject;

export const schemaOf = (resource: Resource): JsonSchema => resource.schema as JsonSchema;

/** The schema of a field: a property, or any value of a map; undefined where nothing is known of it. */
export const fieldSchema = (schema: JsonSchema | undefined, key: string): JsonSchema | undefined => {
  if (schema === undefined) return undefined;
  const properties = schema['properties'];
  const property = isJsonObject(properties) ? fieldOf(properties, key) : undefined;
  if (isJsonObject(property)) return property;
  const values = schema['additionalProperties'];
  return isJsonObject(values) ? values : undefined;
};

/** The schema of a list's items. */
export const itemSchema = (schema: JsonSchema | undefined): JsonSchema | undefined => {
  const items = schema?.['items'];
  return isJsonObject(items) ? items : undefined;
};

/** How two versions of a list become one. */
export type ListMerge =
  | { readonly kind: 'atomic' }
  | { readonly kind: 'set' }
  | { readonly kind: 'map'; readonly keys: readonly string[] };

const stringsOf = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item) => typeof item === 'string') : [];

/** By `x-kubernetes-list-type` and its map keys; a list without them is replaced as a whole. */
export const listMergeOf = (schema: JsonSchema | undefined): ListMerge => {
  switch (schema?.['x-kubernetes-list-type']) {
    case 'set':
      return { kind: 'set' };
    case 'map':
      return { kind: 'map', keys: stringsOf(schema['x-kubernetes-list-map-keys']) };
    default:
      return { kind: 'atomic' };
  }
};

/** The same for strategic merge patches, which have a single key of their own for some lists (a container's ports). */
export const patchMergeOf = (schema: JsonSchema | undefined): ListMerge => {
  const key = schema?.['x-kubernetes-patch-merge-key'];
  return typeof key === 'string' ? { kind: 'map', keys: [key] } : listMergeOf(schema);
};
