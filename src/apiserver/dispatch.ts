import type { Catalog } from './catalog.ts';
import { methodNotAllowedError, unknownPathError } from './errors.ts';
import type { Verb } from './request.ts';
import type { RestStorage } from './rest-storage.ts';
import type { ResourceTarget } from './router.ts';
import { create } from './verbs/create.ts';
import { deleteCollection, deleteOne } from './verbs/delete.ts';
import { get } from './verbs/get.ts';
import { list } from './verbs/list.ts';
import { patch } from './verbs/patch.ts';
import { update } from './verbs/update.ts';
import { watch } from './verbs/watch.ts';

/** Verbs of one object, of a collection, and of a collection in all namespaces at once. */
const verbsOf = {
  object: ['get', 'update', 'delete'],
  collection: ['list', 'create', 'deleteCollection'],
  everywhere: ['list'],
} as const;

/** Whether any verb stands behind a path of the storage: where none does, Kubernetes has no such path. */
const hasPath = (storage: RestStorage, { name, namespace }: ResourceTarget): boolean => {
  const isEverywhere = storage.resource.namespaced && namespace === undefined;
  const scope = name !== undefined ? 'object' : isEverywhere ? 'everywhere' : 'collection';
  return verbsOf[scope].some((verb) => storage[verb] !== undefined);
};

/**
 * The storage that a target names.
 *
 * @throws {StatusError} 404 for a resource, subresource, scope or path that is not served.
 */
export const storageFor = (catalog: Catalog, target: ResourceTarget): RestStorage => {
  const storage = catalog.find(target);
  if (storage === undefined) throw unknownPathError();
  const { namespaced } = storage.resource;
  if (!namespaced && target.namespace !== undefined) throw unknownPathError();
  if (namespaced && target.namespace === undefined && target.name !== undefined) throw unknownPathError();
  if (target.subresource === undefined) {
    if (!hasPath(storage, target)) throw unknownPathError();
    return storage;
  }
  const subresource = Object.entries(storage.subresources ?? {}).find(
    ([name]) => name === target.subresource,
  );
  if (subresource === undefined) throw unknownPathError();
  return subresource[1];
};

const wantsWatch = (query: URLSearchParams): boolean =>
  ['', '1', 't', 'true', 'True', 'TRUE'].includes(query.get('watch') ?? 'false');

/** @throws {StatusError} 405 for a method that means nothing there. */
export const verbFor = (
  method: string,
  target: ResourceTarget,
  query: URLSearchParams,
  { resource: { namespaced } }: RestStorage,
): Verb => {
  const isObject = target.name !== undefined;
  const isAllNamespaces = namespaced && target.namespace === undefined;
  switch (method) {
    case 'GET':
      if (wantsWatch(query) && target.subresource === undefined) return watch;
      return isObject ? get : list;
    case 'POST':
      if (isAllNamespaces || (isObject && target.subresource === undefined)) throw methodNotAllowedError();
      return create;
    case 'PUT':
      if (!isObject) throw methodNotAllowedError();
      return update;
    case 'PATCH':
      if (!isObject) throw methodNotAllowedError();
      return patch;
    case 'DELETE':
      if (isAllNamespaces || target.subresource !== undefined) throw methodNotAllowedError();
      return isObject ? deleteOne : deleteCollection;
    default:
      throw methodNotAllowedError();
  }
};
