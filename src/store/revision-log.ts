import { assert } from '../lib/assert.ts';
import { type Database, mapSqliteErrors, type Statement } from './embedded-schema.ts';
import { decodeObject, type StoredObject, withRevision } from './object.ts';
import type { ObjectKey } from './store.ts';

export type Operation = 'create' | 'update' | 'delete';

/** One committed write. */
export type Change = {
  readonly revision: number;
  readonly operation: Operation;
  /** Qualified name of the resource. */
  readonly resource: string;
  readonly key: ObjectKey;
  /** As the write left it; for a delete its last state, with the revision of the delete. */
  readonly object: StoredObject;
  /** As it was before; undefined for a create. */
  readonly previous: () => StoredObject | undefined;
  /** Length of both states as JSON, in UTF-16 units: about what the change costs to keep. */
  readonly size: number;
};

/** An object and the length of its JSON in UTF-16 units. */
export type Current = { readonly object: StoredObject; readonly size: number };

/** A write on its way into the log. */
export type Entry = Pick<Change, 'resource' | 'key'> & {
  readonly old: Current | undefined;
  /** The next state and its JSON; undefined for a delete. */
  readonly next: { readonly object: StoredObject; readonly text: string } | undefined;
};

/** The writes of one transaction. */
export type Transaction = {
  /** Revision that the next entry gets. */
  readonly nextRevision: () => number;
  readonly append: (entry: Entry) => void;
};

/** Which objects, in order of namespace and name. */
export type PageQuery = {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Only objects after this one. */
  readonly after: ObjectKey;
  /** As they were at this revision. */
  readonly revision: number;
};

const remember = `INSERT INTO objects VALUES (?, ?, ?, ?)
  ON CONFLICT (resource, namespace, name) DO UPDATE SET revision = excluded.revision`;
const forget = 'DELETE FROM objects WHERE resource = ? AND namespace = ? AND name = ?';

type ChangeRow = {
  readonly revision: number;
  readonly operation: Operation;
  readonly namespace: string;
  readonly name: string;
  readonly object: string | null;
  readonly previous: string | null;
};

/** Revision of an empty store; no write has it. 0 is left free because it means "any" in the Kubernetes API. */
const firstRevision = 1;

/** Rows that one reading of the log looks at: bounds how long it holds up everything else. */
const windowRevisions = 1000;
/** UTF-16 units of JSON that one reading of the log returns, unless a single object is larger. */
const windowSize = 4 * 1024 * 1024;

/**
 * The append-only log of a store, in SQL: every write is a row, numbered by its revision; rows are only ever removed by compaction.
 * After kine and etcd. All functions are synchronous, and throw a StoreError with code `unavailable` when SQLite fails.
 */
export class RevisionLog {
  readonly #database: Database;
  readonly #file: string;
  readonly #statements = new Map<string, Statement>();
  #last: number;
  #compacted: number;

  constructor(database: Database, file: string) {
    this.#database = database;
    this.#file = file;
    this.#compacted = Number(this.#prepare('SELECT revision FROM compaction').get()?.['revision']);
    const newest = Number(
      this.#prepare('SELECT max(revision) AS newest FROM revisions').get()?.['newest'] ?? 0,
    );
    this.#last = Math.max(firstRevision, this.#compacted, newest);
  }

  /** Revision of the newest committed write. */
  get last(): number {
    return this.#last;
  }

  /** Snapshots from this revision on, and the changes after it, are kept. */
  get compacted(): number {
    return this.#compacted;
  }

  /** The newest state of an object. */
  current(resource: string, key: ObjectKey): Current | undefined {
    const row = this.#reading(() =>
      this.#prepare(
        `SELECT r.object FROM objects o JOIN revisions r ON r.revision = o.revision
         WHERE o.resource = ? AND o.namespace = ? AND o.name = ?`,
      ).get(resource, key.namespace, key.name),
    );
    if (row === undefined) return undefined;
    const text = String(row['object']);
    return { object: decodeObject(text), size: text.length };
  }

  /**
   * Runs `work` in one transaction. What it appends stands when this returns it; when it throws, nothing was written.
   */
  transaction(work: (transaction: Transaction) => void): readonly Change[] {
    const changes: Change[] = [];
    const nextRevision = (): number => this.#last + changes.length + 1;
    mapSqliteErrors(`write to ${this.#file}`, () => {
      this.#prepare('BEGIN IMMEDIATE').run();
      try {
        work({ nextRevision, append: (entry) => changes.push(this.#append(nextRevision(), entry)) });
        this.#prepare('COMMIT').run();
      } catch (error) {
        if (this.#database.isTransaction) this.#prepare('ROLLBACK').run();
        throw error;
      }
    });
    this.#last += changes.length;
    return changes;
  }

  #append(revision: number, { resource, key, old, next }: Entry): Change {
    const operation = next === undefined ? 'delete' : old === undefined ? 'create' : 'update';
    const previous = old === undefined ? 0 : Number(old.object.metadata.resourceVersion);
    const { namespace, name } = key;
    this.#prepare('INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?)').run(
      revision,
      previous,
      operation,
      resource,
      namespace,
      name,
      next?.text ?? null,
    );
    if (next === undefined) this.#prepare(forget).run(resource, namespace, name);
    else this.#prepare(remember).run(resource, namespace, name, revision);
    return {
      revision,
      operation,
      resource,
      key,
      object: next?.object ?? withRevision(existing(old?.object), revision),
      previous: () => old?.object,
      size: (next?.text.length ?? 0) + (old?.size ?? 0),
    };
  }

  /** At most `limit` objects of a snapshot that is still kept. `complete` says that no more follow. */
  page(
    query: PageQuery,
    limit: number,
  ): { readonly objects: readonly StoredObject[]; readonly complete: boolean } {
    return this.#reading(() => {
      const rows = this.#prepare(
        `SELECT r.object FROM (${this.#keys(query)} ORDER BY namespace, name LIMIT :limit) AS page
         JOIN revisions r ON r.revision = page.revision ORDER BY page.namespace, page.name`,
      ).iterate({ ...parameters(query), limit });
      const objects: StoredObject[] = [];
      let size = 0;
      for (const row of rows) {
        const text = String(row['object']);
        objects.push(decodeObject(text));
        size += text.length;
        if (size > windowSize) return { objects, complete: false };
      }
      return { objects, complete: objects.length < limit };
    });
  }

  /** How many objects of a snapshot there are. */
  count(query: PageQuery): number {
    const sql = `SELECT count(*) AS count FROM (${this.#keys(query)})`;
    return this.#reading(() => Number(this.#prepare(sql).get(parameters(query))?.['count']));
  }

  /** Selects namespace, name and revision. Objects changed after the snapshot are found by what the log says was there before. */
  #keys(query: PageQuery): string {
    const where = (table: string): string =>
      [
        `${table}.resource = :resource`,
        `(${table}.namespace, ${table}.name) > (:afterNamespace, :afterName)`,
        ...(query.namespace === undefined ? [] : [`${table}.namespace = :namespace`]),
        ...(query.name === undefined ? [] : [`${table}.name = :name`]),
      ].join(' AND ');
    const newest = `SELECT namespace, name, revision FROM objects
      WHERE ${where('objects')} AND revision <= :revision`;
    if (query.revision === this.#last) return newest;
    return `${newest} UNION ALL
      SELECT later.namespace, later.name, later.previous FROM revisions AS later
      WHERE ${where('later')} AND later.revision > :revision AND later.previous BETWEEN 1 AND :revision`;
  }

  /**
   * The next changes of a resource after a revision, and the revision up to which these are all. `through` equals `after` only when nothing
   * is newer.
   */
  changes(
    resource: string,
    after: number,
  ): { readonly changes: readonly Change[]; readonly through: number } {
    const end = Math.min(after + windowRevisions, this.#last);
    return this.#reading(() => {
      const rows = this.#prepare(
        `SELECT n.revision, n.operation, n.namespace, n.name, n.object, p.object AS previous
         FROM revisions n LEFT JOIN revisions p ON p.revision = n.previous
         WHERE n.revision > ? AND n.revision <= ? AND n.resource = ? ORDER BY n.revision`,
      ).iterate(after, end, resource);
      const changes: Change[] = [];
      let size = 0;
      for (const row of rows) {
        const change = toChange(resource, row as ChangeRow);
        changes.push(change);
        size += change.size;
        if (size > windowSize) return { changes, through: change.revision };
      }
      return { changes, through: end };
    });
  }

  #reading<Result>(work: () => Result): Result {
    return mapSqliteErrors(`read ${this.#file}`, work);
  }

  #prepare(sql: string): Statement {
    const cached = this.#statements.get(sql);
    if (cached !== undefined) return cached;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}

const parameters = (query: PageQuery): Record<string, string | number> => ({
  resource: query.resource,
  afterNamespace: query.after.namespace,
  afterName: query.after.name,
  revision: query.revision,
  ...(query.namespace === undefined ? {} : { namespace: query.namespace }),
  ...(query.name === undefined ? {} : { name: query.name }),
});

const existing = (old: StoredObject | undefined): StoredObject => {
  assert(old !== undefined, 'only an object that exists is deleted');
  return old;
};

const toChange = (resource: string, row: ChangeRow): Change => {
  const { revision, operation, namespace, name } = row;
  let decoded: StoredObject | undefined;
  const previous = (): StoredObject | undefined => {
    if (decoded === undefined && row.previous !== null) decoded = decodeObject(row.previous);
    return decoded;
  };
  return {
    revision,
    operation,
    resource,
    key: { namespace, name },
    object: row.object === null ? withRevision(existing(previous()), revision) : decodeObject(row.object),
    previous,
    size: (row.object?.length ?? 0) + (row.previous?.length ?? 0),
  };
};
