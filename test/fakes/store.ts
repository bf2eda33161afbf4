import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject, Stored } from '../../src/api/meta.ts';
import { qualifiedName, type Resource } from '../../src/api/resource.ts';
import { StoreError } from '../../src/store/errors.ts';
import type {
  DeleteOptions,
  ListOptions,
  ListResult,
  ObjectKey,
  Store,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from '../../src/store/store.ts';

type AnyObject = Stored<KubernetesObject> & { readonly spec?: unknown; readonly status?: unknown };
type Change = {
  readonly resource: string;
  readonly revision: number;
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED';
  readonly object: AnyObject;
};
type Watcher = { readonly wake: () => void; failure: StoreError | undefined };

/** As it would come back from the wire: a property that is undefined is not there. */
const asJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

export type StoreWrite = {
  readonly verb: 'create' | 'update' | 'updateStatus' | 'replace' | 'delete';
  readonly resource: string;
  readonly key: ObjectKey;
};

/**
 * A Store in memory, for tests of what stands on it: it knows namespaces but no other selectors and no finalizers, and can be made to
 * fail. What a driver must do is in `test/contract/store.ts`, not here.
 */
export class MemoryStore implements Store {
  /** Every write that was accepted and changed something. */
  readonly writes: StoreWrite[] = [];
  readonly calls = { get: 0, list: 0, watch: 0 };
  /** Called before each operation; throw to make it fail. */
  intercept: (verb: string, resource: string, key: ObjectKey | undefined) => void | Promise<void> = () => {};
  /** By resource and key. */
  readonly #objects = new Map<string, Map<string, AnyObject>>();
  readonly #log: Change[] = [];
  readonly #watchers = new Set<Watcher>();
  readonly #now: () => number;
  #revision = 0;
  #compacted = 0;

  constructor(now: () => number = () => Date.UTC(2026, 0, 1)) {
    this.#now = now;
  }

  /** Forgets all changes so far and ends every watch with `expired`. */
  compact(): void {
    this.#compacted = this.#revision;
    this.#log.length = 0;
    this.endWatches(new StoreError('expired', 'compacted'));
  }

  /** Ends every watch, with an error or just so. */
  endWatches(failure = new StoreError('unavailable', 'watch ended')): void {
    for (const watcher of this.#watchers) {
      watcher.failure = failure;
      watcher.wake();
    }
  }

  async get<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<Stored<T> | undefined> {
    this.calls.get += 1;
    await this.#enter('get', resource, key, signal);
    return this.#of(resource).get(this.#id(key)) as Stored<T> | undefined;
  }

  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ListResult<T>> {
    this.calls.list += 1;
    await this.#enter('list', resource, undefined, signal);
    const prefix = options.namespace === undefined ? '' : `${options.namespace}/`;
    const matching = [...this.#of(resource)]
      .filter(([id]) => id.startsWith(prefix))
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([, object]) => object as unknown as Stored<T>);
    const from = Number(options.continueToken ?? 0);
    const to = options.limit === undefined ? matching.length : from + options.limit;
    return {
      items: matching.slice(from, to),
      resourceVersion: String(this.#revision),
      ...(to < matching.length ? { continueToken: String(to) } : {}),
    };
  }

  async *watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    this.calls.watch += 1;
    await this.#enter('watch', resource, undefined, signal);
    let from = Number(options.fromRevision);
    if (from < this.#compacted) throw new StoreError('expired', 'revision is compacted');
    let wakeUp = Promise.withResolvers<void>();
    const watcher: Watcher = { wake: () => wakeUp.resolve(), failure: undefined };
    this.#watchers.add(watcher);
    signal.addEventListener('abort', watcher.wake);
    try {
      while (!signal.aborted) {
        // Every revision is one change: those after `from` are at the end.
        const due = this.#log.slice(Math.max(0, from - this.#compacted));
        for (const change of due) {
          from = change.revision;
          const namespace = change.object.metadata.namespace ?? '';
          if (change.resource !== qualifiedName(resource)) continue;
          if (options.namespace !== undefined && namespace !== options.namespace) continue;
          yield { type: change.type, object: change.object as unknown as Stored<T> };
        }
        if (watcher.failure !== undefined) throw watcher.failure;
        await wakeUp.promise;
        wakeUp = Promise.withResolvers();
      }
    } finally {
      signal.removeEventListener('abort', watcher.wake);
      this.#watchers.delete(watcher);
    }
  }

  async create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    _options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    const key = this.#keyOf(object);
    await this.#enter('create', resource, key, signal);
    if (this.#of(resource).has(this.#id(key)))
      throw new StoreError('already-exists', `${qualifiedName(resource)} ${key.name} already exists`);
    const revision = this.#revision + 1;
    const stored = {
      ...object,
      metadata: {
        ...object.metadata,
        uid: object.metadata.uid ?? `uid-${revision}`,
        creationTimestamp: new Date(this.#now()).toISOString().replace(/\.\d+Z$/, 'Z'),
        generation: 1,
        resourceVersion: String(revision),
      },
    };
    return this.#commit('create', resource, 'ADDED', stored) as Stored<T>;
  }

  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    _options: WriteOptions,
    signal: AbortSignal,
  ) {
    return this.#change('update', resource, object, (old, next) => ({ ...next, status: old.status }), signal);
  }

  updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    _options: WriteOptions,
    signal: AbortSignal,
  ) {
    return this.#change(
      'updateStatus',
      resource,
      object,
      (old, next) => ({ ...old, status: next.status }),
      signal,
    );
  }

  replace<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    _options: WriteOptions,
    signal: AbortSignal,
  ) {
    return this.#change('replace', resource, object, (_old, next) => next, signal);
  }

  async delete<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    await this.#enter('delete', resource, key, signal);
    const old = this.#of(resource).get(this.#id(key));
    if (old === undefined)
      throw new StoreError('not-found', `${qualifiedName(resource)} ${key.name} not found`);
    if (options.resourceVersion !== undefined && options.resourceVersion !== old.metadata.resourceVersion)
      throw new StoreError('conflict', `${qualifiedName(resource)} ${key.name} changed`);
    this.#of(resource).delete(this.#id(key));
    const resourceVersion = String(this.#revision + 1);
    const last = { ...old, metadata: { ...old.metadata, resourceVersion } };
    return this.#commit('delete', resource, 'DELETED', last) as unknown as Stored<T>;
  }

  async #change<T extends KubernetesObject>(
    verb: StoreWrite['verb'],
    resource: Resource<T>,
    object: T,
    merge: (old: AnyObject, next: AnyObject) => AnyObject,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    const key = this.#keyOf(object);
    await this.#enter(verb, resource, key, signal);
    const old = this.#of(resource).get(this.#id(key));
    if (old === undefined)
      throw new StoreError('not-found', `${qualifiedName(resource)} ${key.name} not found`);
    if (object.metadata.resourceVersion !== old.metadata.resourceVersion)
      throw new StoreError('conflict', `${qualifiedName(resource)} ${key.name} changed`);
    const merged = merge(old, object as unknown as AnyObject);
    if (isDeepStrictEqual(asJson(merged), asJson(old))) return old as unknown as Stored<T>;
    const specChanged = !isDeepStrictEqual(merged.spec, old.spec);
    const stored = {
      ...merged,
      metadata: {
        ...merged.metadata,
        generation: (old.metadata.generation ?? 0) + (specChanged ? 1 : 0),
        resourceVersion: String(this.#revision + 1),
      },
    };
    return this.#commit(verb, resource, 'MODIFIED', stored) as unknown as Stored<T>;
  }

  #commit(verb: StoreWrite['verb'], resource: Resource, type: Change['type'], object: AnyObject): AnyObject {
    this.#revision += 1;
    const key = this.#keyOf(object);
    if (type !== 'DELETED') this.#of(resource).set(this.#id(key), object);
    this.#log.push({ resource: qualifiedName(resource), revision: this.#revision, type, object });
    this.writes.push({ verb, resource: qualifiedName(resource), key });
    for (const watcher of this.#watchers) watcher.wake();
    return object;
  }

  async #enter(
    verb: string,
    resource: Resource,
    key: ObjectKey | undefined,
    signal: AbortSignal,
  ): Promise<void> {
    signal.throwIfAborted();
    await this.intercept(verb, qualifiedName(resource), key);
  }

  #keyOf(object: KubernetesObject): ObjectKey {
    return { namespace: object.metadata.namespace ?? '', name: object.metadata.name };
  }

  #of(resource: Resource): Map<string, AnyObject> {
    const name = qualifiedName(resource);
    const objects = this.#objects.get(name) ?? new Map<string, AnyObject>();
    this.#objects.set(name, objects);
    return objects;
  }

  #id({ namespace, name }: ObjectKey): string {
    return `${namespace}/${name}`;
  }
}
