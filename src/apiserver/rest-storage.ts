import type { KubernetesObject } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import type { Status } from '../api/status.ts';
import type { DeleteOptions, ListOptions, ListResult, ObjectKey, WatchOptions } from '../store/store.ts';

/** Who asks, as authentication found out. */
export type User = { readonly name: string; readonly groups: readonly string[] };

/** What every verb is told besides its object. */
export type RestContext = {
  readonly user: User;
  readonly dryRun: boolean;
  readonly signal: AbortSignal;
  /** Adds a `Warning` header to the answer. */
  readonly warn: (message: string) => void;
};

/** A column of the table that `kubectl get` prints. */
export type Column<T> = {
  readonly name: string;
  /** OpenAPI type of the cells: string, integer, date, boolean. */
  readonly type: string;
  readonly format?: string;
  readonly description: string;
  /** 0: always shown; 1: only with `-o wide`. */
  readonly priority: 0 | 1;
  cell(object: T, now: number): string | number | boolean | null;
};

/** Objects as they are answered: computed ones have no resourceVersion of their own. */
export type RestList<T extends KubernetesObject> = Omit<ListResult<T>, 'items'> & {
  readonly items: readonly T[];
};

/** One change as it is answered. */
export type RestEvent<T extends KubernetesObject> =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED'; readonly object: T }
  | { readonly type: 'BOOKMARK'; readonly resourceVersion: string };

/** Makes the next object from the one that stands there; undefined where there is none. May run again after a conflict. */
export type Transform<T> = (old: T | undefined) => T | Promise<T>;

/**
 * One served resource: the verbs it has are the functions that are there; a missing one is answered 405.
 *
 * They are methods, so that a storage of one kind can stand in a list of storages of any kind (`readonly RestStorage[]`).
 * All reject with a StatusError (api/status.ts) for what the client is told. `generic-storage.ts` makes one from a Store and a
 * {@link Strategy}; virtual resources write their own.
 */
export type RestStorage<T extends KubernetesObject = KubernetesObject> = {
  readonly resource: Resource<T>;
  readonly columns: readonly Column<T>[];
  /** Keeps `metadata.managedFields` as it is given them, which server-side apply needs. Default false. */
  readonly managesFields?: boolean;
  /** The object as it will be stored, of which {@link managesFields} is kept. */
  applyDefaults?(object: T): T;
  get?(key: ObjectKey, context: RestContext): Promise<T>;
  list?(options: ListOptions, context: RestContext): Promise<RestList<T>>;
  watch?(options: WatchOptions, context: RestContext): AsyncIterable<RestEvent<T>>;
  /** `namespace` is that of the URL. The answer may be another kind (an ImageStreamMapping is answered with a Status). */
  create?(object: T, namespace: string, context: RestContext): Promise<KubernetesObject | Status>;
  /** PUT and PATCH alike. `created` turns the answer into a 201. */
  update?(
    key: ObjectKey,
    transform: Transform<T>,
    context: RestContext,
  ): Promise<{ readonly object: T; readonly created: boolean }>;
  /** What a patch of an object that is not there begins with, where one may make it. Default: such a patch is answered 404. */
  patchesFrom?(key: ObjectKey): T;
  delete?(key: ObjectKey, options: DeleteOptions, context: RestContext): Promise<T | Status>;
  /** The objects that were deleted. */
  deleteCollection?(
    options: ListOptions & Pick<DeleteOptions, 'propagation'>,
    context: RestContext,
  ): Promise<readonly T[]>;
  /** By name, such as `status`. */
  readonly subresources?: Readonly<Record<string, RestStorage>>;
};
