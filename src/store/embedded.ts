import { randomUUID } from 'node:crypto';
import type { KubernetesObject, Stored } from '../api/meta.ts';
import { qualifiedName, type Resource } from '../api/resource.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { ChangeFeed } from './change-feed.ts';
import { CommitQueue } from './commit-queue.ts';
import { compactTo, defaultRetention, keepCompacted, type Retention } from './compaction.ts';
import { closeDatabase, type Database, openDatabase } from './embedded-schema.ts';
import { StoreError } from './errors.ts';
import { createPageCache, listObjects } from './list.ts';
import { type AnyObject, describeObject, type StoredObject, withRevision } from './object.ts';
import { parseRevision, requireKept } from './revision.ts';
import { RevisionLog } from './revision-log.ts';
import { readPage } from './snapshot.ts';
import { Sql } from './sql.ts';
import type {
  DeleteOptions,
  ListOptions,
  ListResult,
  ObjectKey,
  Store,
  WatchEvent,
  WatchOptions,
  WriteOptions,
} from './store.ts';
import { watchChanges } from './watch.ts';
import {
  planCreate,
  planDelete,
  planUpdate,
  type UpdateScope,
  type WriteContext,
  type WritePlan,
} from './write.ts';
import { WriteAheadLog } from './write-ahead-log.ts';

export type EmbeddedStoreOptions = {
  /** Path of the database; its directory must exist. */
  readonly file: string;
  readonly clock: Clock;
  /** Told of compactions that fail. */
  readonly logger?: Logger;
  /** Defaults to {@link defaultRetention}. */
  readonly retention?: Retention;
};

/**
 * Opens the store that lives in one SQLite file. One process can have it open at a time.
 *
 * @throws {StoreError} with code `unavailable` and one line that says what to do.
 */
export const openEmbeddedStore = (options: EmbeddedStoreOptions): EmbeddedStore => new EmbeddedStore(options);

/** The embedded driver of {@link Store}: an append-only log of revisions in SQLite, every write acknowledged once it is on the disk. */
export class EmbeddedStore implements Store {
  readonly #file: string;
  readonly #clock: Clock;
  readonly #logger: Logger | undefined;
  readonly #retention: Retention;
  readonly #database: Database;
  readonly #sql: Sql;
  readonly #log: RevisionLog;
  readonly #feed: ChangeFeed;
  readonly #pages = createPageCache();
  readonly #writeAheadLog: WriteAheadLog;
  readonly #queue: CommitQueue;
  #closing: Promise<void> | undefined;
  readonly #closed = new AbortController();

  constructor({ file, clock, logger, retention = defaultRetention }: EmbeddedStoreOptions) {
    this.#file = file;
    this.#clock = clock;
    this.#logger = logger;
    this.#retention = retention;
    this.#database = openDatabase(file);
    this.#sql = new Sql(this.#database, file);
    this.#log = new RevisionLog(this.#sql);
    this.#feed = new ChangeFeed(this.#log.last);
    this.#writeAheadLog = new WriteAheadLog(file);
    this.#queue = new CommitQueue({
      log: this.#log,
      file,
      sync: () => this.#writeAheadLog.sync(),
      onCommit: (changes) => this.#feed.publish(changes),
    });
  }

  async get<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    signal: AbortSignal,
  ): Promise<Stored<T> | undefined> {
    this.#requireOpen(signal);
    return this.#settled(qualifiedName(resource), key) as Stored<T> | undefined;
  }

  /** The newest state that stands on the disk: of a newer one nobody may hear, since a power failure could still take it back. */
  #settled(resource: string, key: ObjectKey): StoredObject | undefined {
    const object = this.#log.current(resource, key)?.object;
    const revision = Number(object?.metadata.resourceVersion ?? Number.POSITIVE_INFINITY);
    if (this.#log.isSettled || revision <= this.#log.last) return object;
    const query = { resource, ...key, after: { namespace: '', name: '' }, revision: this.#log.last };
    return readPage(this.#sql, query, 1).objects[0];
  }

  async list<T extends KubernetesObject>(
    resource: Resource<T>,
    options: ListOptions,
    signal: AbortSignal,
  ): Promise<ListResult<T>> {
    this.#requireOpen(signal);
    const result = await listObjects(
      { log: this.#log, sql: this.#sql, pages: this.#pages },
      qualifiedName(resource),
      options,
      signal,
    );
    return result as unknown as ListResult<T>;
  }

  watch<T extends KubernetesObject>(
    resource: Resource<T>,
    options: WatchOptions,
    signal: AbortSignal,
  ): AsyncIterable<WatchEvent<T>> {
    const source = { log: this.#log, feed: this.#feed, clock: this.#clock, closed: this.#closed.signal };
    const events = watchChanges(source, qualifiedName(resource), options, signal);
    return events as unknown as AsyncIterable<WatchEvent<T>>;
  }

  async create<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    const key = keyOf(resource, object);
    return this.#write(resource, key, options, signal, (context, old) =>
      planCreate({ ...context, uid: randomUUID() }, old, object),
    );
  }

  update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    return this.#update(resource, object, 'all but status', options, signal);
  }

  async updateStatus<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    if (!resource.hasStatus)
      throw new StoreError('invalid', `${qualifiedName(resource)} have no status subresource`);
    return this.#update(resource, object, 'status', options, signal);
  }

  replace<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    return this.#update(resource, object, 'all', options, signal);
  }

  async delete<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    options: DeleteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    return this.#write(resource, key, options, signal, (context, old) => planDelete(context, old, options));
  }

  /**
   * Forgets the changes up to a revision; watches and lists of what was before it are `expired` from then on.
   *
   * @throws {StoreError} with code `future-revision`, or `expired` when that much is forgotten already.
   */
  async compact(revision: string, signal: AbortSignal): Promise<void> {
    this.#requireOpen(signal);
    const target = parseRevision(revision);
    requireKept(target, this.#log);
    await compactTo(this.#log, target, AbortSignal.any([signal, this.#closed.signal]));
  }

  /** Compacts as the retention says until `signal` is aborted or the store closes, and then just ends. */
  async runCompaction(signal: AbortSignal): Promise<void> {
    const ended = AbortSignal.any([signal, this.#closed.signal]);
    await keepCompacted(this.#log, this.#retention, this.#clock, this.#logger, ended);
  }

  /** Commits what is waiting, ends the watches and releases the file. Calling it again does nothing. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.#queue.close();
    this.#closed.abort(new StoreError('unavailable', `${this.#file}: the store is closed`));
    closeDatabase(this.#database, this.#file);
    await this.#writeAheadLog.close();
  }

  async #update<T extends KubernetesObject>(
    resource: Resource<T>,
    object: T,
    scope: UpdateScope,
    options: WriteOptions,
    signal: AbortSignal,
  ): Promise<Stored<T>> {
    const key = keyOf(resource, object);
    return this.#write(resource, key, options, signal, (context, old) =>
      planUpdate(context, old, object, scope),
    );
  }

  async #write<T extends KubernetesObject>(
    resource: Resource<T>,
    key: ObjectKey,
    { dryRun }: WriteOptions,
    signal: AbortSignal,
    plan: (context: WriteContext, old: StoredObject | undefined) => WritePlan,
  ): Promise<Stored<T>> {
    const name = qualifiedName(resource);
    const answer = await this.#queue.run((transaction) => {
      const old = this.#log.current(name, key);
      const context = { resource, key, now: this.#clock.now(), revision: transaction.nextRevision() };
      const planned = plan(context, old?.object);
      if (dryRun === true) return unwritten(planned, old?.object, this.#log.last);
      if (planned.kind !== 'keep')
        transaction.append({
          resource: name,
          key,
          old,
          next: planned.kind === 'put' ? { object: planned.object, text: planned.text } : undefined,
        });
      return planned.object;
    }, signal);
    return answer as unknown as Stored<T>;
  }

  #requireOpen(signal: AbortSignal): void {
    signal.throwIfAborted();
    this.#closed.signal.throwIfAborted();
  }
}

const keyOf = (resource: Resource, { metadata: { namespace = '', name } }: AnyObject): ObjectKey => {
  const key = { namespace, name };
  if (resource.namespaced === (namespace !== '')) return key;
  const rule = resource.namespaced ? 'needs a namespace' : 'may have no namespace';
  throw new StoreError('invalid', `${describeObject(resource, key)} ${rule}`);
};

/** The answer to a dry run: the object that would have been written, at the revision that stands. */
const unwritten = (plan: WritePlan, old: StoredObject | undefined, last: number): StoredObject =>
  plan.kind === 'put'
    ? withRevision(plan.object, Number(old?.metadata.resourceVersion ?? last))
    : plan.object;
