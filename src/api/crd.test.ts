import { describe, expect, it } from 'vitest';
import { aliasVersion, customResourceDefinition, customResources, type StructuralSchema } from './crd.ts';

type Place = { readonly path: string; readonly schema: StructuralSchema };

const isObject = (value: unknown): value is StructuralSchema =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A schema and every schema in it, each with where it stands. */
const placesOf = (schema: StructuralSchema, path = ''): readonly Place[] => {
  const { properties, items, additionalProperties } = schema as Record<string, unknown>;
  return [
    { path, schema },
    ...Object.entries(isObject(properties) ? properties : {}).flatMap(([name, field]) =>
      isObject(field) ? placesOf(field, `${path}.${name}`) : [],
    ),
    ...(isObject(items) ? placesOf(items, `${path}[*]`) : []),
    ...(isObject(additionalProperties) ? placesOf(additionalProperties, `${path}[key]`) : []),
  ];
};

/** All that the schema of a CRD may say, of what our schemas say. */
const allowedWords = new Set([
  'type',
  'format',
  'default',
  'description',
  'properties',
  'required',
  'items',
  'additionalProperties',
  'enum',
  'maxItems',
  'maxLength',
  'minItems',
  'minLength',
  'nullable',
  'pattern',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-validations',
]);

const fieldAt = (schema: StructuralSchema, path: string): unknown =>
  placesOf(schema).find((place) => place.path === path)?.schema;

describe.each(
  customResources.map((options) => ({
    name: options.resource.plural,
    group: options.resource.group,
    crd: customResourceDefinition(options),
  })),
)('the CRD of $name', ({ name, group, crd }) => {
  const [version, alias] = crd.spec.versions;
  const schema = version?.schema.openAPIV3Schema ?? {};

  it('is named by plural and group', () => {
    expect(crd.metadata.name).toBe(`${name}.${group}`);
  });

  it('stores the first version and serves the alias with the same schema', () => {
    expect(crd.spec.versions.map((one) => [one.name, one.served, one.storage])).toEqual([
      ['v1', true, true],
      [aliasVersion, true, false],
    ]);
    expect({ ...alias, name: 'v1', storage: true }).toEqual(version);
  });

  it('gives every field a type', () => {
    const untyped = placesOf(schema).filter(
      (place) => place.schema['type'] === undefined && place.schema['x-kubernetes-int-or-string'] !== true,
    );
    expect(untyped.map(({ path }) => path)).toEqual([]);
  });

  it('says only what a structural schema may say', () => {
    const strange = placesOf(schema).flatMap((place) =>
      Object.keys(place.schema)
        .filter((word) => !allowedWords.has(word))
        .map((word) => `${place.path}: ${word}`),
    );
    expect(strange).toEqual([]);
  });

  it('requires the keys of every list that is merged by keys', () => {
    const loose = placesOf(schema).filter(({ schema: list }) => {
      const keys = list['x-kubernetes-list-map-keys'];
      const items = list['items'];
      const required = isObject(items) && Array.isArray(items['required']) ? items['required'] : [];
      return Array.isArray(keys) && !keys.every((key) => required.includes(key));
    });
    expect(loose.map(({ path }) => path)).toEqual([]);
  });

  it('has no map with properties of its own', () => {
    const both = placesOf(schema).filter(
      (place) => 'properties' in place.schema && 'additionalProperties' in place.schema,
    );
    expect(both.map(({ path }) => path)).toEqual([]);
  });

  it('leaves metadata to the server', () => {
    expect(fieldAt(schema, '.metadata')).toEqual({ type: 'object' });
  });

  it('selects by fields that hold text', () => {
    for (const { jsonPath } of version?.selectableFields ?? []) {
      expect(fieldAt(schema, jsonPath)).toMatchObject({ type: 'string' });
    }
  });
});

describe('the CRD of imagestreams', () => {
  const [version] = customResources
    .filter(({ resource }) => resource.plural === 'imagestreams')
    .flatMap((options) => customResourceDefinition(options).spec.versions);
  const schema = version?.schema.openAPIV3Schema ?? {};

  it('merges tags by name', () => {
    expect(fieldAt(schema, '.spec.tags')).toMatchObject({
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    });
  });

  it.each([
    '.spec.tags',
    '.spec.tags[*].annotations',
    '.spec.tags[*].generation',
    '.status.tags',
    '.status.tags[*].items',
    '.status.tags[*].items[*].created',
  ])('keeps null at %s', (path) => {
    expect(fieldAt(schema, path)).toMatchObject({ nullable: true });
  });

  it('writes status apart from the rest', () => {
    expect(version?.subresources).toEqual({ status: {} });
  });
});
