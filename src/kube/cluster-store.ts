import type { KubernetesObject, Stored } from '../api/meta.ts';
import { qualifiedName, type Resource } from '../api/resource.ts';
import type { Clock } from '../lib/clock.ts';
import { StoreError } from '../store/errors.ts';
import type {
  DeleteOptions,
  ListOptions,
  ListResult,
  ObjectKey,
  Store,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../store/store.ts';
import type { ApiClient, ApiRequest } from './api-client.ts';
import { ApiError, toStoreError } from './errors.ts';
import { createSharing } from './shared-values.ts';
import type { Priority } from './throttle.ts';
import { watchObjects } from './watch.ts';
import { collectionPath, fromWire, objectPath, selectors, toWire } from './wire.ts';

export type ClusterStoreOptions = {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** The one namespace that is read where a selection names none; undefined: all of the cluster. */
  readonly namespace?: string | undefined;
};

/** Name under which the API server keeps what we wrote. */
export const fieldManager = 'imagestreams';

type WireList = {
  readonly metadata: {
    readonly resourceVersion?: string;
    readonly continue?: string;
    readonly remainingItemCount?: number;
  };
  readonly items?: readonly unknown[] | null;
};

type Write = {
  readonly method: 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly body: unknown;
  readonly priority?: Priority;
};

const keyOf = ({ metadata: { namespace = '', name } }: KubernetesObject): ObjectKey => ({ namespace, name });

/** Deleting it took effect: the last finalizer of a marked object is gone. */
const isGone = ({ metadata }: Stored<KubernetesObject>): boolean =>
  metadata.deletionTimestamp !== undefined && (metadata.finalizers ?? []).length === 0;

const requireRevision = (resource: Resource, { metadata }: KubernetesObject): void => {
  if (metadata.resourceVersion === undefined || metadata.resourceVersion === '')
    throw new StoreError(
      'invalid',
      `${qualifiedName(resource)} ${metadata.name}: an update needs metadata.resourceVersion`,
    );
};

const requireStatus = (resource: Resource): void => {
  if (!resource.hasStatus)
    throw new StoreError('invalid', `${qualifiedName(resource)} has no status of its own`);
};

/** A collection that is not there is a resource that the cluster does not serve, not an object that is missing. */
const notServed = (error: unknown, resource: Resource): unknown =>
  error instanceof ApiError && error.code === 404
    ? new StoreError('unavailable', `the cluster does not serve ${qualifiedName(resource)}`, { cause: error })
    : toStoreError(error);

const toListResult = <T extends KubernetesObject>(
  resource: Resource<T>,
  { metadata, items }: WireList,
  share: Sharing,
): ListResult<T> => ({
  items: (items ?? []).map((item) => share(fromWire(resource, item))),
  resourceVersion: metadata.resourceVersion ?? '',
  ...(metadata.continue ? { continueToken: metadata.continue } : {}),
  ...(metadata.remainingItemCount ? { remainingItemCount: metadata.remainingItemCount } : {}),
});

/** Runs what asks the API, and tells its refusals in the words of the port. */
const asStoreErrors = async <Result>(ask: () => Promise<Result>): Promise<Result> => {
  try {
    return await ask();
  } catch (error) {
    throw toStoreError(error);
  }
};

type Reads = Pick<Store, 'get' | 'list' | 'watch'>;
type Sharing = ReturnType<typeof createSharing>;

const listQuery = (
  resource: Resource,
  { limit, continueToken, exactRevision, ...selection }: ListOptions,
): ApiRequest['query'] => ({
  ...selectors(resource, selection),
  limit: limit ? String(limit) : undefined,
  continue: continueToken || undefined,
  ...(exactRevision === undefined || continueToken
    ? {}
    : { resourceVersion: exactRevision, resourceVersionMatch: 'Exact' }),
});

const createReads = ({ client, clock, namespace: only }: ClusterStoreOptions): Reads => {
  const scope = (namespace: string | undefined): string | undefined => namespace ?? only;
  // What is listed and watched is kept; what is read by its name is used once.
  const share = createSharing();
  return {
    get: async (resource, key, signal) => {
      const path = objectPath(resource, key);
      try {
        return fromWire(resource, await client.request({ method: 'GET', path }, signal));
      } catch (error) {
        const isMissing = error instanceof ApiError && error.code === 404;
        if (isMissing && error.status.details?.name !== undefined) return undefined;
        throw isMissing ? notServed(error, resource) : toStoreError(error);
      }
    },

    list: async (resource, options, signal) => {
      const path = collectionPath(resource, scope(options.namespace));
      try {
        const query = listQuery(resource, options);
        const list = await client.request({ method: 'GET', path, ...(query && { query }) }, signal);
        return toListResult(resource, list as WireList, share);
      } catch (error) {
        throw notServed(error, resource);
      }
    },

    watch: async function* <T extends KubernetesObject>(
      resource: Resource<T>,
      options: WatchOptions,
      signal: AbortSignal,
    ): AsyncGenerator<WatchEvent<T>, void, undefined> {
      const selection = { ...options, namespace: scope(options.namespace) };
      try {
        yield* watchObjects({ client, clock, share }, resource, selection, signal);
      } catch (error) {
        if (!signal.aborted) throw notServed(error, resource);
      }
    },
  };
};

type Writer = <T extends KubernetesObject>(
  resource: Resource<T>,
  write: Write,
  options: WriteOptions,
  signal: AbortSignal,
) => Promise<Stored<T>>;

const createWriter =
  (client: ApiClient): Writer =>
  (resource, write, { dryRun }, signal) =>
    asStoreErrors(async () => {
      const query = { fieldManager, dryRun: dryRun === true ? 'All' : undefined };
      return fromWire(resource, await client.request({ ...write, query }, signal));
    });

type Updates = Pick<Store, 'create' | 'update' | 'updateStatus' | 'replace'>;

const createUpdates = (send: Writer): Updates => {
  const put = async <T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    subresource: '' | 'status',
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> => {
    requireRevision(resource, object);
    const path = objectPath(resource, keyOf(object), subresource);
    const priority = subresource === 'status' ? 'status' : 'other';
    const body = toWire(resource, object, false);
    return send(resource, { method: 'PUT', path, body, priority }, options, signal);
  };

  return {
    create: async (resource, object, options, signal) => {
      // For its checks: the path of a create is that of the collection.
      objectPath(resource, keyOf(object));
      const path = collectionPath(resource, object.metadata.namespace);
      const body = toWire(resource, object, true);
      return send(resource, { method: 'POST', path, body }, options, signal);
    },

    update: (resource, object, options, signal) => put(resource, object, '', options, signal),

    updateStatus: async (resource, object, options, signal) => {
      requireStatus(resource);
      return put(resource, object, 'status', options, signal);
    },

    replace: async (resource, object, options, signal) => {
      const written = await put(resource, object, '', options, signal);
      if (!resource.hasStatus || isGone(written)) return written;
      const { resourceVersion } = options.dryRun === true ? object.metadata : written.metadata;
      const next = { ...object, metadata: { ...written.metadata, resourceVersion } } as typeof object;
      return put(resource, next, 'status', options, signal);
    },
  };
};

const createDelete =
  (client: ApiClient, get: Reads['get']): Store['delete'] =>
  async <T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    { uid, resourceVersion, propagation, dryRun }: DeleteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> => {
    // A server answers with a Status once the object is gone: what it was has to be read before.
    const before = await get(resource, key, signal);
    if (before === undefined)
      throw new StoreError('not-found', `${qualifiedName(resource)} ${key.name} not found`);
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid: uid ?? before.metadata.uid, resourceVersion },
      ...(propagation === undefined ? {} : { propagationPolicy: propagation }),
      // Here and nowhere else: beside a body the parameter of that name counts for nothing.
      ...(dryRun === true ? { dryRun: ['All'] } : {}),
    };
    return asStoreErrors(async () => {
      const path = objectPath(resource, key);
      const answer = await client.request({ method: 'DELETE', path, body }, signal);
      const isObject = (answer as { readonly kind?: string }).kind === resource.kind;
      return isObject ? fromWire(resource, answer) : before;
    });
  };

/**
 * The `Store` over a cluster's API: custom resources for our kinds, built-in ones for the rest.
 *
 * Differs from the embedded driver in what the port allows: a create drops the status, `replace` writes twice, names follow the cluster's
 * rules, and a bookmark comes when the server sends one.
 */
export const createClusterStore = (options: ClusterStoreOptions): Store => {
  const { client } = options;
  const reads = createReads(options);
  return {
    ...reads,
    ...createUpdates(createWriter(client)),
    delete: createDelete(client, reads.get),
  };
};
