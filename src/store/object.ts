import type { KubernetesObject, Stored } from '../api/meta.ts';
import { qualifiedName, type Resource } from '../api/resource.ts';
import type { ObjectKey } from './store.ts';

/** Any object, with the one field besides metadata that a store treats apart. */
export type AnyObject = KubernetesObject & { readonly status?: unknown };
export type StoredObject = Stored<AnyObject>;

const freezeDeep = (value: unknown): void => {
  if (typeof value !== 'object' || value === null) return;
  for (const member of Object.values(value)) freezeDeep(member);
  Object.freeze(value);
};

/** Freezes `object` at every depth: one instance is given to every reader. */
export const freezeObject = <T extends AnyObject>(object: T): T => {
  freezeDeep(object);
  return object;
};

/** Reads what a store wrote itself; frozen at every depth. */
export const decodeObject = (text: string): StoredObject => freezeObject(JSON.parse(text) as StoredObject);

/** `object` with another resourceVersion; shares everything else. */
export const withRevision = (object: StoredObject, revision: number): StoredObject =>
  Object.freeze({
    ...object,
    metadata: Object.freeze({ ...object.metadata, resourceVersion: String(revision) }),
  });

/** `imagestreams.image.openshift.io shop/app`, for messages. */
export const describeObject = (resource: Resource, key: ObjectKey): string =>
  `${qualifiedName(resource)} ${key.namespace === '' ? '' : `${key.namespace}/`}${key.name}`;
