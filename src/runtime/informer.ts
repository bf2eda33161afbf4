import type { KubernetesObject, Stored } from '../api/meta.ts';
import { qualifiedName, type Resource } from '../api/resource.ts';
import { type Backoff, exponentialBackoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStoreError } from '../store/errors.ts';
import type { ListResult, ObjectKey, Selection, Store } from '../store/store.ts';
import type { OnRuntime } from './events.ts';
import { formatKey, keyOf } from './key.ts';

/** Reads from an informer's cache. */
export type Lister<Value> = {
  /** The object as last seen, or undefined. */
  readonly get: (key: ObjectKey) => Value | undefined;
  /** All objects as last seen, of all namespaces or of one. */
  readonly list: (namespace?: string) => readonly Value[];
};

/** Told of a change: `old` is undefined for a new object, `current` for one that is gone. Must be quick. */
export type ChangeHandler<Value> = (
  old: Value | undefined,
  current: Value | undefined,
  key: ObjectKey,
) => void;

export type InformerOptions<T extends KubernetesObject, Value> = {
  readonly store: Store;
  readonly resource: Resource<T>;
  readonly selection?: Selection | undefined;
  /** What to keep of each object. */
  readonly project: (object: Stored<T>) => Value;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
  /** Waits between tries while the store cannot be read. Default: 200 ms doubling to 30 s, half of it random. */
  readonly backoff?: Backoff | undefined;
};

type Cached<Value> = {
  readonly key: ObjectKey;
  readonly uid: string;
  readonly resourceVersion: string;
  readonly value: Value;
};

/** Objects per page of a list. */
const pageSize = 500;
const bookmarkIntervalMs = 60_000;

/**
 * Keeps a copy of the objects of one resource, and tells handlers what changed: a list, then a watch from its revision. A watch that
 * ends is resumed where it ended; where that revision is no longer kept, the list is read again and only differences are told.
 */
export class Informer<T extends KubernetesObject, Value = Stored<T>> implements Lister<Value> {
  readonly #options: InformerOptions<T, Value>;
  readonly #backoff: Backoff;
  readonly #logger: Logger;
  readonly #cache = new Map<string, Cached<Value>>();
  readonly #handlers: ChangeHandler<Value>[] = [];
  readonly #synced = Promise.withResolvers<void>();
  readonly #settled = Promise.withResolvers<void>();
  /** Everything up to here has been applied; undefined: a list is needed. */
  #revision: string | undefined;
  #failures = 0;
  #hasSynced = false;

  constructor(options: InformerOptions<T, Value>) {
    this.#options = options;
    this.#backoff = options.backoff ?? exponentialBackoff({ baseMs: 200, maxMs: 30_000, jitter: 0.5 });
    this.#logger = options.logger.child({ resource: qualifiedName(options.resource) });
  }

  readonly get = (key: ObjectKey): Value | undefined => this.#cache.get(formatKey(key))?.value;

  readonly list = (namespace?: string): readonly Value[] =>
    [...this.#cache.values()]
      .filter(({ key }) => namespace === undefined || key.namespace === namespace)
      .map(({ value }) => value);

  /** Adds a handler; objects that are there already are told to it as new. */
  readonly onChange = (handler: ChangeHandler<Value>): void => {
    this.#handlers.push(handler);
    for (const { key, value } of this.#cache.values()) this.#tell(handler, undefined, value, key);
  };

  /** True once the first list has been applied. */
  get hasSynced(): boolean {
    return this.#hasSynced;
  }

  /** Resolves when the first list has been applied. */
  synced(): Promise<void> {
    return this.#synced.promise;
  }

  /** Resolves when the first list has been applied, or was refused: whoever can do without goes on then. */
  settled(): Promise<void> {
    return this.#settled.promise;
  }

  /** Lists and watches until `signal` is aborted; then it just ends. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        if (this.#revision === undefined) await this.#relist(signal);
        await this.#follow(signal);
      } catch (error) {
        if (signal.aborted) return;
        this.#noteFailure(error);
      }
      this.#failures += 1;
      if (!signal.aborted) await this.#pause(signal);
    }
  }

  async #pause(signal: AbortSignal): Promise<void> {
    try {
      await this.#options.clock.sleep(this.#backoff(this.#failures), signal);
    } catch (error) {
      if (!signal.aborted) throw error;
    }
  }

  #noteFailure(error: unknown): void {
    const { onEvent, resource } = this.#options;
    if (isStoreError(error, 'expired') || isStoreError(error, 'future-revision')) {
      this.#revision = undefined;
      this.#logger.debug({ err: error }, 'revision is not kept: listing again');
      return;
    }
    onEvent({ type: 'informer-error', resource: qualifiedName(resource) });
    if (isStoreError(error, 'forbidden')) this.#settled.resolve();
    this.#logger.warn({ err: error, attempt: this.#failures + 1 }, 'cannot read the store: trying again');
  }

  /** Reads all objects of one snapshot, page by page, and applies what differs from the cache. */
  async #relist(signal: AbortSignal): Promise<void> {
    const { store, resource, selection, onEvent } = this.#options;
    const seen = new Set<string>();
    let page: ListResult<T> | undefined;
    do {
      const continueToken = page?.continueToken;
      page = await store.list(resource, { ...selection, limit: pageSize, continueToken }, signal);
      // Page by page: all whole objects at a time would be many times what is kept of them.
      for (const object of page.items) {
        seen.add(formatKey(keyOf(object)));
        this.#apply(object);
      }
    } while (page.continueToken !== undefined);
    for (const [id, { key }] of this.#cache) if (!seen.has(id)) this.#remove(key);
    this.#revision = page.resourceVersion;
    onEvent({ type: 'informer-list', resource: qualifiedName(resource), objects: seen.size });
    this.#hasSynced = true;
    this.#synced.resolve();
    this.#settled.resolve();
  }

  async #follow(signal: AbortSignal): Promise<void> {
    const { store, resource, selection } = this.#options;
    const fromRevision = this.#revision ?? '0';
    const options = { ...selection, fromRevision, bookmarkIntervalMs };
    for await (const event of store.watch(resource, options, signal)) {
      this.#failures = 0;
      switch (event.type) {
        case 'BOOKMARK':
          this.#revision = event.resourceVersion;
          continue;
        case 'DELETED':
          this.#remove(keyOf(event.object));
          break;
        case 'ADDED':
        case 'MODIFIED':
          this.#apply(event.object);
          break;
      }
      this.#revision = event.object.metadata.resourceVersion;
    }
  }

  #apply(object: Stored<T>): void {
    const key = keyOf(object);
    const id = formatKey(key);
    const { uid, resourceVersion } = object.metadata;
    // Deleted and made again while we did not look: to a handler these are two objects.
    if (this.#cache.has(id) && this.#cache.get(id)?.uid !== uid) this.#remove(key);
    const old = this.#cache.get(id);
    if (old?.resourceVersion === resourceVersion) return;
    let value: Value;
    try {
      value = this.#options.project(object);
    } catch (error) {
      // One malformed object must not stop the others; what was known of it before stays.
      this.#logger.error({ err: error, namespace: key.namespace, name: key.name }, 'cannot read the object');
      return;
    }
    this.#cache.set(id, { key, uid, resourceVersion, value });
    for (const handler of this.#handlers) this.#tell(handler, old?.value, value, key);
  }

  #remove(key: ObjectKey): void {
    const old = this.#cache.get(formatKey(key));
    if (old === undefined) return;
    this.#cache.delete(formatKey(key));
    for (const handler of this.#handlers) this.#tell(handler, old.value, undefined, key);
  }

  #tell(
    handler: ChangeHandler<Value>,
    old: Value | undefined,
    current: Value | undefined,
    key: ObjectKey,
  ): void {
    try {
      handler(old, current, key);
    } catch (error) {
      this.#logger.error({ err: error, namespace: key.namespace, name: key.name }, 'change handler failed');
    }
  }
}

/** An {@link Informer} that keeps whole objects. */
export const createInformer = <T extends KubernetesObject>(
  options: Omit<InformerOptions<T, Stored<T>>, 'project'>,
): Informer<T> => new Informer({ ...options, project: (object) => object });
