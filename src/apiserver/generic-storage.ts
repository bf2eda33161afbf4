import type { KubernetesObject, Stored } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import type { Status } from '../api/status.ts';
import { oncePerObject } from '../lib/once-per-object.ts';
import { isStoreError, StoreError } from '../store/errors.ts';
import type {
  DeleteOptions,
  ListOptions,
  ObjectKey,
  Store,
  WatchEvent,
  WatchOptions,
} from '../store/store.ts';
import { badRequestError, conflictError, fromStoreError, isNotFound } from './errors.ts';
import { createObject } from './generic-create.ts';
import { decorated, type GenericParts, getStored, withDefaults } from './generic-parts.ts';
import { updateObject, updateObjectStatus } from './generic-update.ts';
import type { RestContext, RestEvent, RestList, RestStorage } from './rest-storage.ts';
import type { Strategy } from './strategy.ts';

/** The storage of a resource whose objects are kept in a store as they are: all verbs, and `status` where it has one. */
export type GenericStorage<T extends KubernetesObject> = RestStorage<T> &
  Required<
    Pick<RestStorage<T>, 'get' | 'list' | 'watch' | 'create' | 'update' | 'delete' | 'deleteCollection'>
  >;

const listObjects = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  options: ListOptions,
  context: RestContext,
): Promise<RestList<T>> => {
  const { store, strategy } = parts;
  try {
    const found = await store.list(strategy.resource, options, context.signal);
    return { ...found, items: found.items.map((object) => decorated(parts, object)) };
  } catch (error) {
    // Only the continue token is unchecked before: it is the store's own.
    if (isStoreError(error, 'invalid')) throw badRequestError(error.message, error);
    throw error instanceof StoreError ? fromStoreError(error, strategy.resource, '') : error;
  }
};

const watchObjects = <T extends KubernetesObject>(
  { store, strategy }: GenericParts<T>,
  answerOf: (object: T) => T,
  options: WatchOptions,
  context: RestContext,
): AsyncIterable<RestEvent<T>> => {
  const answer = ({ done, value }: IteratorResult<WatchEvent<T>, unknown>): IteratorResult<RestEvent<T>> => {
    if (done === true) return { done, value: undefined };
    return {
      done: false,
      value: value.type === 'BOOKMARK' ? value : { type: value.type, object: answerOf(value.object) },
    };
  };
  const fail = (error: unknown): never => {
    throw error instanceof StoreError ? fromStoreError(error, strategy.resource, '') : error;
  };
  return {
    // By hand: another generator would cost as much as everything else that is done for a change of a watcher.
    [Symbol.asyncIterator]: () => {
      const events = store.watch(strategy.resource, options, context.signal)[Symbol.asyncIterator]();
      return {
        next: () => events.next().then(answer, fail),
        return: async () => {
          await events.return?.();
          return { done: true, value: undefined };
        },
      };
    },
  };
};

/** How the deletion of an object is answered that is gone for good. @see registry/generic/registry/store.go */
export const deletedStatus = (resource: Resource, object: KubernetesObject): Status => {
  const { name, uid } = object.metadata;
  return {
    status: 'Success',
    details: {
      name,
      ...(resource.group === '' ? {} : { group: resource.group }),
      kind: resource.plural,
      ...(uid === undefined ? {} : { uid }),
    },
  };
};

const deleteStored = async <T extends KubernetesObject>(
  { store, strategy: { resource } }: GenericParts<T>,
  key: ObjectKey,
  options: DeleteOptions,
  context: RestContext,
): Promise<Stored<T>> => {
  try {
    return await store.delete(resource, key, { ...options, dryRun: context.dryRun }, context.signal);
  } catch (error) {
    // The store's own words say which precondition does not hold.
    if (isStoreError(error, 'conflict')) throw conflictError(resource, key.name, error.message, error);
    throw error instanceof StoreError ? fromStoreError(error, resource, key.name) : error;
  }
};

const isHeld = (object: KubernetesObject): boolean => (object.metadata.finalizers ?? []).length > 0;

const deleteObject = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  key: ObjectKey,
  options: DeleteOptions,
  context: RestContext,
): Promise<T | Status> => {
  const object = await deleteStored(parts, key, options, context);
  return isHeld(object) ? decorated(parts, object) : deletedStatus(parts.strategy.resource, object);
};

const deleteObjects = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  { propagation, ...options }: ListOptions & Pick<DeleteOptions, 'propagation'>,
  context: RestContext,
): Promise<readonly T[]> => {
  const { items } = await listObjects(parts, options, context);
  const deleted: T[] = [];
  for (const { metadata } of items) {
    const key = { namespace: metadata.namespace ?? '', name: metadata.name };
    try {
      deleted.push(await deleteStored(parts, key, { propagation }, context));
    } catch (error) {
      // Somebody else was faster: it is gone, which is all that was asked for.
      if (!isNotFound(error)) throw error;
    }
  }
  return deleted;
};

/** Serves the objects of one kind from a store, by the rules of its strategy. */
export const createGenericStorage = <T extends KubernetesObject>(
  store: Store,
  strategy: Strategy<T>,
): GenericStorage<T> => {
  const parts: GenericParts<T> = { store, strategy };
  const { resource, columns } = strategy;
  // Every watcher is told of the same objects: one answer for all, which is then also written as JSON only once.
  const watchAnswer = oncePerObject((object: T) => decorated(parts, object));
  const get = async (key: ObjectKey, context: RestContext): Promise<T> =>
    decorated(parts, await getStored(parts, key, context.signal));
  const status: RestStorage<T> = {
    resource,
    columns,
    managesFields: true,
    get,
    update: (key, transform, context) => updateObjectStatus(parts, key, transform, context),
  };
  return {
    resource,
    columns,
    managesFields: true,
    applyDefaults: (object) => withDefaults(parts, object),
    get,
    list: (options, context) => listObjects(parts, options, context),
    watch: (options, context) => watchObjects(parts, watchAnswer, options, context),
    create: (object, namespace, context) => createObject(parts, object, namespace, context),
    update: (key, transform, context) => updateObject(parts, key, transform, context),
    delete: (key, options, context) => deleteObject(parts, key, options, context),
    deleteCollection: (options, context) => deleteObjects(parts, options, context),
    ...(resource.hasStatus ? { subresources: { status } } : {}),
  };
};
