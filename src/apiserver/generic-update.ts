import { invalid, rootPath } from '../api/field-error.ts';
import type { KubernetesObject, Stored } from '../api/meta.ts';
import { StoreError } from '../store/errors.ts';
import type { ObjectKey } from '../store/store.ts';
import { conflictError, fromStoreError, notFoundError } from './errors.ts';
import { createObject } from './generic-create.ts';
import { decorated, findStored, type GenericParts, getStored, withDefaults } from './generic-parts.ts';
import { jsonEquals } from './json.ts';
import { assertValid, metadataForUpdate, validateMetadataUpdate } from './metadata.ts';
import type { RestContext, Transform } from './rest-storage.ts';
import type { Strategy } from './strategy.ts';

/**
 * How often a write is tried again when others write the same object in between. One of them gets through in every round, so that only
 * a store that is broken makes a request fail by this.
 */
const maxAttempts = 100;

type Updated<T> = { readonly object: T; readonly created: boolean };

/** Writes the next version of an object; rejects with the StoreError `conflict` when another write came in between. */
type WriteNext<T extends KubernetesObject> = (old: Stored<T>) => Promise<T>;

const statusOf = (object: KubernetesObject): unknown => (object as { readonly status?: unknown }).status;

const withStatus = <T extends KubernetesObject>(object: T, status: unknown): T => {
  const { status: _status, ...rest } = object as T & { readonly status?: unknown };
  return (status === undefined ? rest : { ...rest, status }) as T;
};

/** The version that a write builds on; one that does not say gets the newest, where that is allowed. */
const checkedVersion = <T extends KubernetesObject>(
  { resource, allowUnconditionalUpdate = true }: Strategy<T>,
  next: T,
  old: Stored<T>,
): string => {
  const { resourceVersion = '', uid = '' } = next.metadata;
  const { name } = old.metadata;
  if (uid !== '' && uid !== old.metadata.uid)
    throw conflictError(
      resource,
      name,
      `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${old.metadata.uid}`,
    );
  if (resourceVersion === '' && !allowUnconditionalUpdate)
    assertValid(resource, name, [
      invalid(rootPath.child('metadata').child('resourceVersion'), 0, 'must be specified for an update'),
    ]);
  if (resourceVersion !== '' && resourceVersion !== old.metadata.resourceVersion)
    throw conflictError(resource, name);
  return old.metadata.resourceVersion;
};

/**
 * Writes until no other write comes in between. A request that names its version fails in the second round, when that is no longer the
 * newest; a patch or an unconditional write is made anew from the newest.
 */
const retryConflicts = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  key: ObjectKey,
  first: Stored<T>,
  write: WriteNext<T>,
  signal: AbortSignal,
): Promise<T> => {
  let old = first;
  for (let attempt = 1; ; attempt += 1) {
    try {
      return decorated(parts, await write(old));
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (error.code !== 'conflict' || attempt === maxAttempts)
        throw fromStoreError(error, parts.strategy.resource, key.name);
      old = await getStored(parts, key, signal);
    }
  }
};

const writeMain =
  <T extends KubernetesObject>(
    parts: GenericParts<T>,
    transform: Transform<T>,
    context: RestContext,
  ): WriteNext<T> =>
  async (old) => {
    const { store, strategy } = parts;
    const { resource } = strategy;
    const wanted = await transform(old);
    const resourceVersion = checkedVersion(strategy, wanted, old);
    const metadata = { ...metadataForUpdate(wanted.metadata, old.metadata), resourceVersion };
    const kept = resource.hasStatus ? withStatus(wanted, statusOf(old)) : wanted;
    const defaulted = withDefaults(parts, { ...kept, metadata });
    const next = (await strategy.prepareForUpdate?.(defaulted, old, context)) ?? defaulted;
    assertValid(resource, old.metadata.name, [
      ...validateMetadataUpdate(next.metadata, old.metadata),
      ...((await strategy.validateUpdate?.(next, old, context)) ?? []),
    ]);
    const options = { dryRun: context.dryRun };
    // A preparation may move the status too: a tag that follows another one takes its image at once.
    return resource.hasStatus && !jsonEquals(statusOf(next), statusOf(old))
      ? store.replace(resource, next, options, context.signal)
      : store.update(resource, next, options, context.signal);
  };

const writeStatus =
  <T extends KubernetesObject>(
    { store, strategy }: GenericParts<T>,
    transform: Transform<T>,
    context: RestContext,
  ): WriteNext<T> =>
  async (old) => {
    const wanted = await transform(old);
    const resourceVersion = checkedVersion(strategy, wanted, old);
    const { managedFields: _managedFields, ...oldMetadata } = old.metadata;
    const { managedFields } = wanted.metadata;
    const managed = managedFields === undefined ? {} : { managedFields };
    const metadata = { ...oldMetadata, ...managed, resourceVersion };
    const kept = withStatus<T>({ ...old, metadata }, statusOf(wanted));
    const next = (await strategy.prepareForStatusUpdate?.(kept, old, context)) ?? kept;
    const errors = (await strategy.validateStatusUpdate?.(next, old, context)) ?? [];
    assertValid(strategy.resource, old.metadata.name, errors);
    const options = { dryRun: context.dryRun };
    // Who manages the status is written beside it.
    return jsonEquals(managedFields, old.metadata.managedFields)
      ? store.updateStatus(strategy.resource, next, options, context.signal)
      : store.replace(strategy.resource, next, options, context.signal);
  };

/** Writes all of an object but its status; creates it where the strategy lets an update do that. */
export const updateObject = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  key: ObjectKey,
  transform: Transform<T>,
  context: RestContext,
): Promise<Updated<T>> => {
  const { strategy } = parts;
  const old = await findStored(parts, key, context.signal);
  if (old === undefined) {
    if (strategy.allowCreateOnUpdate !== true) throw notFoundError(strategy.resource, key.name);
    const object = await createObject(parts, await transform(undefined), key.namespace, context);
    return { object, created: true };
  }
  const write = writeMain(parts, transform, context);
  return { object: await retryConflicts(parts, key, old, write, context.signal), created: false };
};

/** Writes the status of an object and nothing else. */
export const updateObjectStatus = async <T extends KubernetesObject>(
  parts: GenericParts<T>,
  key: ObjectKey,
  transform: Transform<T>,
  context: RestContext,
): Promise<Updated<T>> => {
  const old = await getStored(parts, key, context.signal);
  const write = writeStatus(parts, transform, context);
  return { object: await retryConflicts(parts, key, old, write, context.signal), created: false };
};
