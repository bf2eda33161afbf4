import { aliasVersion, customResources } from '../api/crd.ts';
import type { KubernetesObject, Stored } from '../api/meta.ts';
import { apiVersionOf, qualifiedName, type Resource } from '../api/resource.ts';
import { images } from '../api/resources.ts';
import { StoreError } from '../store/errors.ts';
import type { FieldRequirement, LabelRequirement, ObjectKey, Selection } from '../store/store.ts';

/*
 * How objects of ours look in a cluster: which version they are asked for in, and what names they have there. Nothing outside of this
 * file knows that they differ (DECISIONS.md, 14).
 */

const aliased: ReadonlySet<string> = new Set(customResources.map(({ resource }) => qualifiedName(resource)));

/** The version through which a resource is read and written: through the alias where there is one. */
const wireVersion = (resource: Resource): string =>
  aliased.has(qualifiedName(resource)) ? aliasVersion : resource.version;

const wireApiVersion = (resource: Resource): string =>
  apiVersionOf({ ...resource, version: wireVersion(resource) });

const isImage = (resource: Resource): boolean => qualifiedName(resource) === qualifiedName(images);

/** No object of a CRD may have a colon in its name. */
const toWireName = (resource: Resource, name: string): string =>
  isImage(resource) ? name.replace(/^sha256:/, 'sha256-') : name;
const fromWireName = (resource: Resource, name: string): string =>
  isImage(resource) ? name.replace(/^sha256-/, 'sha256:') : name;

/** Path of all objects of a resource, of a namespace or of all. */
export const collectionPath = (resource: Resource, namespace: string | undefined): string => {
  const root = resource.group === '' ? '/api' : `/apis/${resource.group}`;
  const scope =
    namespace === undefined || !resource.namespaced ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `${root}/${wireVersion(resource)}${scope}/${resource.plural}`;
};

/**
 * Path of one object.
 *
 * @throws {StoreError} with code `invalid` when the key names none of that resource.
 */
export const objectPath = (resource: Resource, key: ObjectKey, subresource = ''): string => {
  const problem =
    resource.namespaced && key.namespace === ''
      ? 'needs a namespace'
      : !resource.namespaced && key.namespace !== ''
        ? `has no namespace (got "${key.namespace}")`
        : key.name === ''
          ? 'needs a name'
          : undefined;
  if (problem !== undefined)
    throw new StoreError('invalid', `${qualifiedName(resource)} "${key.name}" ${problem}`);
  const name = encodeURIComponent(toWireName(resource, key.name));
  return `${collectionPath(resource, key.namespace)}/${name}${subresource === '' ? '' : `/${subresource}`}`;
};

/** Metadata that only a server sets; some of it a server refuses to be told. */
const serverOwned = new Set([
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
  'managedFields',
]);

/** An object as it is sent; for a create without what is only known of an object that is there. */
export const toWire = (resource: Resource, object: KubernetesObject, isNew: boolean): unknown => {
  const metadata = Object.entries(object.metadata).filter(
    ([field]) => !serverOwned.has(field) && !(isNew && (field === 'uid' || field === 'resourceVersion')),
  );
  return {
    ...object,
    apiVersion: wireApiVersion(resource),
    kind: resource.kind,
    metadata: { ...Object.fromEntries(metadata), name: toWireName(resource, object.metadata.name) },
  };
};

/**
 * An object as it was received, without `managedFields`: who wrote which field is for others to know, and is often longer than the rest.
 * An update without it leaves it as it is.
 */
export const fromWire = <T extends KubernetesObject>(resource: Resource<T>, received: unknown): Stored<T> => {
  const { metadata: given, ...rest } = received as Stored<T>;
  const { managedFields: _dropped, ...metadata } = given;
  return {
    ...rest,
    // Items of a list of built-in kinds do not say what they are.
    apiVersion: apiVersionOf(resource),
    kind: resource.kind,
    metadata: { ...metadata, name: fromWireName(resource, metadata.name) },
  } as unknown as Stored<T>;
};

const formatLabel = (requirement: LabelRequirement): string => {
  const { key } = requirement;
  switch (requirement.operator) {
    case 'Exists':
      return key;
    case 'DoesNotExist':
      return `!${key}`;
    case 'In':
      return `${key} in (${requirement.values.join(',')})`;
    case 'NotIn':
      return `${key} notin (${requirement.values.join(',')})`;
    case 'Gt':
      return `${key}>${requirement.value}`;
    case 'Lt':
      return `${key}<${requirement.value}`;
  }
};

const formatField = (resource: Resource, { path, operator, value }: FieldRequirement): string => {
  const text = path === 'metadata.name' ? toWireName(resource, value) : value;
  return `${path}${operator}${text.replaceAll(/[\\,=]/g, '\\$&')}`;
};

/** A selection's labels and fields as parameters of a request. */
export const selectors = (resource: Resource, { labels, fields }: Selection) => ({
  labelSelector: labels?.length ? labels.map(formatLabel).join(',') : undefined,
  fieldSelector: fields?.length ? fields.map((field) => formatField(resource, field)).join(',') : undefined,
});
