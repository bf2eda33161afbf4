import { isDeepStrictEqual } from 'node:util';
import { finalizersForDeletion, type Propagation } from '../api/owner-references.ts';
import type { Resource } from '../api/resource.ts';
import { formatTime } from '../lib/clock.ts';
import { StoreError } from './errors.ts';
import { type AnyObject, describeObject, freezeDeep, type StoredObject, withRevision } from './object.ts';
import type { ObjectKey } from './store.ts';

/**
 * Largest object that is taken, in bytes of JSON: what etcd takes by default, so that an object which fits here fits a cluster.
 *
 * @see https://etcd.io/docs/v3.6/dev-guide/limit/
 */
export const maxObjectBytes = 1.5 * 1024 * 1024;

/** What a write is decided by, besides the object that stands there and the one that is given. */
export type WriteContext = {
  readonly resource: Resource;
  readonly key: ObjectKey;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** Revision that the write gets if it is kept. */
  readonly revision: number;
};

/** What becomes of a write: nothing, another state of the object (with its JSON), or its removal. `object` is the answer. */
export type WritePlan =
  | { readonly kind: 'keep'; readonly object: StoredObject }
  | { readonly kind: 'put'; readonly object: StoredObject; readonly text: string }
  | { readonly kind: 'remove'; readonly object: StoredObject };

/** Which part of the object a write replaces. */
export type UpdateScope = 'all but status' | 'status' | 'all';

export type Preconditions = {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
};

type Json = Readonly<Record<string, unknown>>;

const serverOwned: readonly string[] = [
  'uid',
  'resourceVersion',
  'generation',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
  'selfLink',
];

const omit = (object: object, fields: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([field]) => !fields.includes(field)));

const pick = (object: object, fields: readonly string[]): Json =>
  Object.fromEntries(Object.entries(object).filter(([field]) => fields.includes(field)));

/** What `value` is once it has been JSON: no undefined members, nothing shared with the caller. */
const normalise = <T extends object>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

const putPlan = (context: WriteContext, object: StoredObject): WritePlan => {
  const text = JSON.stringify(object);
  const sizeBytes = Buffer.byteLength(text);
  if (sizeBytes > maxObjectBytes)
    throw new StoreError(
      'too-large',
      `${describeObject(context.resource, context.key)} has ${sizeBytes} bytes; the limit is ${maxObjectBytes}`,
    );
  return { kind: 'put', object: freezeDeep(object), text };
};

/** @throws {StoreError} with code `already-exists` or `too-large`. */
export const planCreate = (
  context: WriteContext & { readonly uid: string },
  old: StoredObject | undefined,
  given: AnyObject,
): WritePlan => {
  const { resource, key, now, revision, uid } = context;
  if (old !== undefined)
    throw new StoreError('already-exists', `${describeObject(resource, key)} already exists`);
  const object = normalise(given);
  return putPlan(context, {
    ...object,
    metadata: {
      ...omit(object.metadata, serverOwned),
      name: key.name,
      uid,
      resourceVersion: String(revision),
      generation: 1,
      creationTimestamp: formatTime(now),
    },
  });
};

/** @throws {StoreError} with code `not-found`, `conflict`, `invalid` or `too-large`. */
export const planUpdate = (
  context: WriteContext,
  old: StoredObject | undefined,
  given: AnyObject,
  scope: UpdateScope,
): WritePlan => {
  const { resource, key, revision } = context;
  const object = describeObject(resource, key);
  if (given.metadata.resourceVersion === undefined || given.metadata.resourceVersion === '')
    throw new StoreError('invalid', `${object}: an update needs metadata.resourceVersion`);
  const current = requireCurrent(context, old, given.metadata);
  const next = combine(resource, current, given, scope);
  if (isDeepStrictEqual(next, current)) return { kind: 'keep', object: current };

  const held = next.metadata.finalizers ?? [];
  if (current.metadata.deletionTimestamp !== undefined) {
    const added = held.filter((finalizer) => !(current.metadata.finalizers ?? []).includes(finalizer));
    if (added.length > 0)
      throw new StoreError(
        'invalid',
        `${object} is being deleted: no finalizer may be added (${added.join()})`,
      );
    if (held.length === 0) return { kind: 'remove', object: freezeDeep(withRevision(next, revision)) };
  }
  const changed =
    scope !== 'status' && !isDeepStrictEqual(contentOf(resource, next), contentOf(resource, current));
  const generation = (current.metadata.generation ?? 0) + (changed ? 1 : 0);
  const metadata = { ...next.metadata, generation, resourceVersion: String(revision) };
  return putPlan(context, { ...next, metadata });
};

/** @throws {StoreError} with code `not-found` or `conflict`. */
export const planDelete = (
  context: WriteContext,
  old: StoredObject | undefined,
  options: Preconditions & { readonly propagation?: Propagation | undefined },
): WritePlan => {
  const current = requireCurrent(context, old, options);
  const before = current.metadata.finalizers ?? [];
  const finalizers = finalizersForDeletion(before, options.propagation);
  if (finalizers.length === 0) return { kind: 'remove', object: current };
  const held = {
    ...current.metadata,
    finalizers: [...finalizers],
    resourceVersion: String(context.revision),
  };
  if (current.metadata.deletionTimestamp !== undefined)
    return isDeepStrictEqual(finalizers, before)
      ? { kind: 'keep', object: current }
      : putPlan(context, { ...current, metadata: held });
  return putPlan(context, {
    ...current,
    metadata: {
      ...held,
      // Kubernetes counts this too: controllers see by it that what is wanted of the object has changed.
      generation: (current.metadata.generation ?? 0) + 1,
      deletionTimestamp: formatTime(context.now),
      deletionGracePeriodSeconds: 0,
    },
  });
};

const requireCurrent = (
  { resource, key }: WriteContext,
  old: StoredObject | undefined,
  { uid, resourceVersion }: Preconditions,
): StoredObject => {
  const object = describeObject(resource, key);
  if (old === undefined) throw new StoreError('not-found', `${object} not found`);
  const { metadata } = old;
  if (uid !== undefined && uid !== '' && uid !== metadata.uid)
    throw new StoreError('conflict', `${object} has uid ${metadata.uid}, not ${uid}`);
  if (resourceVersion !== undefined && resourceVersion !== '' && resourceVersion !== metadata.resourceVersion)
    throw new StoreError(
      'conflict',
      `${object} has been modified: it is at revision ${metadata.resourceVersion}, not ${resourceVersion}`,
    );
  return old;
};

/** The next state, still with the revision and generation of the current one. Only what is taken from `given` is looked at. */
const combine = (
  resource: Resource,
  current: StoredObject,
  given: AnyObject,
  scope: UpdateScope,
): StoredObject => {
  if (scope === 'status') return { ...withoutStatus(current), ...normalise(pick(given, ['status'])) };
  const keepsStatus = scope === 'all but status' && resource.hasStatus;
  const next = normalise(keepsStatus ? withoutStatus(given) : given);
  const metadata = { ...omit(next.metadata, serverOwned), ...pick(current.metadata, serverOwned) };
  return {
    ...next,
    metadata: metadata as StoredObject['metadata'],
    ...(keepsStatus ? pick(current, ['status']) : {}),
  };
};

const withoutStatus = <T extends AnyObject>(object: T): T => omit(object, ['status']) as T;

/** What `generation` counts the changes of. */
const contentOf = (resource: Resource, object: AnyObject): Json => {
  const content = omit(object, resource.hasStatus ? ['metadata', 'status'] : ['metadata']);
  return resource.generationCountsAnnotations === true
    ? { ...content, annotations: object.metadata.annotations ?? {} }
    : content;
};
