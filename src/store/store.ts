import type { KubernetesObject, Stored } from '../api/meta.ts';
import type { Propagation } from '../api/owner-references.ts';
import type { Resource } from '../api/resource.ts';

/** Names one object. `namespace` is the empty string for a resource that has none. */
export type ObjectKey = { readonly namespace: string; readonly name: string };

/** Selects by labels, in the order given; all must hold. Parsed by `selector.ts`. */
export type LabelRequirement =
  | { readonly key: string; readonly operator: 'In' | 'NotIn'; readonly values: readonly string[] }
  | { readonly key: string; readonly operator: 'Exists' | 'DoesNotExist' }
  /** Compared as integers: a label that is none matches neither. */
  | { readonly key: string; readonly operator: 'Gt' | 'Lt'; readonly value: string };

/** `path` is a dotted path such as `metadata.name`; a missing field counts as the empty string. */
export type FieldRequirement = {
  readonly path: string;
  readonly operator: '=' | '!=';
  readonly value: string;
};

/** Which objects of a resource; everything that is set must match. */
export type Selection = {
  /** Undefined: all namespaces. */
  readonly namespace?: string | undefined;
  readonly labels?: readonly LabelRequirement[] | undefined;
  readonly fields?: readonly FieldRequirement[] | undefined;
};

export type ListOptions = Selection & {
  /** At most so many items; undefined or 0: all. */
  readonly limit?: number | undefined;
  /** Opaque, from the page before: the rest of the same snapshot. */
  readonly continueToken?: string | undefined;
  /** Read this revision exactly, instead of the newest. */
  readonly exactRevision?: string | undefined;
};

export type ListResult<T extends KubernetesObject> = {
  readonly items: readonly Stored<T>[];
  /** Revision of the snapshot: a watch from here misses nothing. */
  readonly resourceVersion: string;
  readonly continueToken?: string;
  /** Known only without selectors. */
  readonly remainingItemCount?: number;
};

/**
 * One change. An object that stops matching the selection is `DELETED` (with its last matching state), one that starts to match is
 * `ADDED`. A `BOOKMARK` says that everything up to its revision has been sent.
 */
export type WatchEvent<T extends KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: Stored<T> }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

export type WatchOptions = Selection & {
  /** Changes after this revision. */
  readonly fromRevision: string;
  /** Send a bookmark after at most this long without one, in milliseconds; undefined: none. */
  readonly bookmarkIntervalMs?: number | undefined;
};

export type WriteOptions = {
  /** Do everything but keep it. */
  readonly dryRun?: boolean | undefined;
};

/** What must hold of the object as it is stored; else `conflict`. */
export type DeleteOptions = WriteOptions & {
  readonly uid?: string | undefined;
  readonly resourceVersion?: string | undefined;
  /** What becomes of the dependants; `Foreground` and `Orphan` hold the object by a finalizer until that is done. */
  readonly propagation?: Propagation | undefined;
};

/**
 * Objects by resource, namespace and name, with optimistic concurrency and watch: the semantics of the Kubernetes API without HTTP.
 *
 * Every write sets `metadata.resourceVersion`; a create also sets `uid`, `creationTimestamp` and `generation: 1`, whatever it is given.
 * `generation` counts the changes of anything but metadata and status, and, as in Kubernetes, being marked deleted. An update that
 * changes nothing writes nothing and keeps the revision. An object with finalizers is only marked deleted, and goes when the last
 * finalizer does. A resource without `hasStatus` has no status apart: `update` writes all of it, `updateStatus` is refused as `invalid`.
 *
 * Returned objects are shared: never change them. All functions reject with a {@link StoreError} or with `signal.reason`.
 * Drivers: `embedded.ts` (one SQLite file), the cluster's in `kube`. Both are held to `test/contract/store.ts`.
 */
export interface Store {
  /** The object, or undefined. */
  get<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<Stored<T> | undefined>;

  /** Objects in order of namespace and name. Rejects with `expired` when the page's or exact revision is no longer kept. */
  list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ListResult<T>>;

  /**
   * Changes in order of revision, until `signal` is aborted (then it just ends) or the store closes. Rejects with `expired` when
   * `fromRevision` is older than what is kept, and when the reader is too slow to be kept supplied.
   */
  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>>;

  /** Rejects with `already-exists`. Keeps a status that it is given where the driver can (the cluster's cannot). */
  create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>>;

  /** Writes all but the status. Needs `metadata.resourceVersion`; rejects with `conflict` when it is not the newest. */
  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>>;

  /** Writes only the status; else like {@link update}. */
  updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>>;

  /**
   * Writes spec and status together; else like {@link update}. Only requests that change both (an ImageStreamImport, an istag) need it.
   * The cluster driver does it in two writes, spec first: a crash between them leaves a pending tag, which the controller imports.
   */
  replace<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>>;

  /** The object as it was, or as it is now marked when finalizers hold it. Rejects with `not-found` or `conflict`. */
  delete<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>>;
}
