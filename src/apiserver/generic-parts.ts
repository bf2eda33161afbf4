import type { KubernetesObject, Stored } from '../api/meta.ts';
import type { ObjectKey, Store } from '../store/store.ts';
import { notFoundError, withStoreErrors } from './errors.ts';
import type { Strategy } from './strategy.ts';

/** What every verb of a generic storage works with. */
export type GenericParts<T extends KubernetesObject> = {
  readonly store: Store;
  readonly strategy: Strategy<T>;
};

/** The object as it is answered. */
export const decorated = <T extends KubernetesObject>({ strategy }: GenericParts<T>, object: T): T =>
  strategy.decorate?.(object) ?? object;

/** The object with its defaults. */
export const withDefaults = <T extends KubernetesObject>({ strategy }: GenericParts<T>, object: T): T =>
  strategy.applyDefaults?.(object) ?? object;

/** The object as it is stored, or undefined. */
export const findStored = <T extends KubernetesObject>(
  { store, strategy: { resource } }: GenericParts<T>,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<Stored<T> | undefined> =>
  withStoreErrors(resource, key.name, () => store.get(resource, key, signal));

/** @throws {StatusError} 404 when there is none. */
export const getStored = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<Stored<T>> => {
  const object = await findStored(parts, key, signal);
  if (object === undefined) throw notFoundError(parts.strategy.resource, key.name);
  return object;
};
