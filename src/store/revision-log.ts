import { assert } from '../lib/assert.ts';
import { decodeObject, type StoredObject, withRevision } from './object.ts';
import { ObjectCache, type SizedObject } from './object-cache.ts';
import { ReadingCache } from './reading-cache.ts';
import type { Sql } from './sql.ts';
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

/** A write on its way into the log. */
export type Entry = Pick<Change, 'resource' | 'key'> & {
  readonly old: SizedObject | undefined;
  /** The next state and its JSON; undefined for a delete. */
  readonly next: { readonly object: StoredObject; readonly text: string } | undefined;
};

/** The writes of one transaction. */
export type Transaction = {
  /** Revision that the next entry gets. */
  readonly nextRevision: () => number;
  readonly append: (entry: Entry) => void;
};

/** Revisions that one step of compaction looks at, and pages that it moves: bound how long it holds up everything else. */
const compactionRevisions = 250;
const vacuumPages = 256;
/** Share of the file that may lie free for later writes. */
const maxFreeShare = 0.25;

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

/** Changes in order, and the revision up to which these are all. */
export type Reading = { readonly changes: readonly Change[]; readonly through: number };

/** Rows that one reading of the log looks at, at most: bounds how long it holds up everything else. */
const windowRevisions = 250;
/** UTF-16 units of JSON that one reading of the log returns, unless a single object is larger. */
const windowSize = 4 * 1024 * 1024;

/**
 * The append-only log of a store, in SQL: every write is a row, numbered by its revision; rows are only ever removed by compaction.
 * After kine and etcd. All functions are synchronous, and throw a StoreError with code `unavailable` when SQLite fails.
 */
export class RevisionLog {
  readonly #sql: Sql;
  readonly #cache = new ObjectCache();
  readonly #readings = new ReadingCache<Reading>();
  /** Of the newest write that is committed, and of the newest that stands on the disk. */
  #committed: number;
  #last: number;
  #compacted: number;
  /** The newest write to each resource since the log was opened, and what was the newest of all then. */
  readonly #newest = new Map<string, number>();
  readonly #opened: number;

  constructor(sql: Sql) {
    this.#sql = sql;
    const number = (query: string): number => Number(sql.prepare(query).get()?.['revision'] ?? 0);
    this.#compacted = number('SELECT revision FROM compaction');
    const newest = number('SELECT max(revision) AS revision FROM revisions');
    this.#last = Math.max(firstRevision, this.#compacted, newest);
    this.#committed = this.#last;
    this.#opened = this.#last;
  }

  /** The earliest revision that is known to show of a resource what `revision` shows. */
  unchangedSince(resource: string, revision: number): number {
    return Math.min(this.#newest.get(resource) ?? this.#opened, revision);
  }

  /** Revision of the newest write that stands on the disk: what is newer is nobody's to see. */
  get last(): number {
    return this.#last;
  }

  /** Whether what is committed stands on the disk. */
  get isSettled(): boolean {
    return this.#last === this.#committed;
  }

  /** Says that everything that is committed stands on the disk. */
  settle(): void {
    this.#last = this.#committed;
  }

  /** Snapshots from this revision on, and the changes after it, are kept. */
  get compacted(): number {
    return this.#compacted;
  }

  /** The newest state of an object, also one that may not stand on the disk yet. */
  current(resource: string, key: ObjectKey): SizedObject | undefined {
    return this.#sql.read(() => {
      const row = this.#sql
        .prepare('SELECT revision FROM objects WHERE resource = ? AND namespace = ? AND name = ?')
        .get(resource, key.namespace, key.name);
      return row === undefined ? undefined : this.#state(Number(row['revision']));
    });
  }

  #state(revision: number): SizedObject {
    const known = this.#cache.get(revision);
    if (known !== undefined) return known;
    const row = this.#sql.prepare('SELECT object FROM revisions WHERE revision = ?').get(revision);
    const text = String(row?.['object']);
    const state = { object: decodeObject(text), size: text.length };
    // Not within a transaction: what that has written may never come to be.
    if (revision <= this.#committed) this.#cache.set(revision, state);
    return state;
  }

  /** Runs `work` in one transaction and returns what it appended; when it throws, nothing was written. */
  transaction(work: (transaction: Transaction) => void): readonly Change[] {
    const entries: Entry[] = [];
    const changes: Change[] = [];
    const nextRevision = (): number => this.#committed + changes.length + 1;
    const append = (entry: Entry): void => {
      changes.push(this.#append(nextRevision(), entry));
      entries.push(entry);
    };
    this.#sql.transaction(() => work({ nextRevision, append }));
    for (const { resource, old, next } of entries) {
      this.#committed += 1;
      this.#newest.set(resource, this.#committed);
      if (old !== undefined) this.#cache.delete(revisionOf(old.object));
      if (next !== undefined)
        this.#cache.set(this.#committed, { object: next.object, size: next.text.length });
    }
    return changes;
  }

  #append(revision: number, { resource, key, old, next }: Entry): Change {
    const operation = next === undefined ? 'delete' : old === undefined ? 'create' : 'update';
    const previous = old === undefined ? 0 : revisionOf(old.object);
    const { namespace, name } = key;
    this.#sql.write(() => {
      this.#sql
        .prepare('INSERT INTO revisions VALUES (?, ?, ?, ?, ?, ?, ?)')
        .run(revision, previous, operation, resource, namespace, name, next?.text ?? null);
      if (next === undefined) this.#sql.prepare(forget).run(resource, namespace, name);
      else this.#sql.prepare(remember).run(resource, namespace, name, revision);
    });
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

  /**
   * The next changes of a resource after a revision that is not compacted. `through` equals `after` only when nothing is newer.
   */
  changes(resource: string, after: number): Reading {
    const known = this.#readings.get(resource, after);
    if (known !== undefined) return known;
    // Up to a round number: readers that began at different places go on from the same ones.
    const end = (Math.floor(after / windowRevisions) + 1) * windowRevisions;
    const reading = this.#read(resource, after, Math.min(end, this.#last));
    if (end <= this.#last) this.#readings.set(resource, after, reading);
    return reading;
  }

  #read(resource: string, after: number, end: number): Reading {
    return this.#sql.read(() => {
      const rows = this.#sql
        .prepare(
          `SELECT n.revision, n.operation, n.namespace, n.name, n.object, p.object AS previous
         FROM revisions n LEFT JOIN revisions p ON p.revision = n.previous
         WHERE n.revision > ? AND n.revision <= ? AND n.resource = ? ORDER BY n.revision`,
        )
        .iterate(after, end, resource);
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

  /**
   * Takes one small step to forget everything that only snapshots before `target` need: states that were replaced at or before it, and deletes.
   * Room that this frees is used again, and given back to the file system when it is much. False when there is nothing left to do.
   */
  compactStep(target: number): boolean {
    const from = this.#compacted;
    const to = Math.min(target, this.#last, from + compactionRevisions);
    if (to <= from) return this.#shrinkStep();
    this.#sql.transaction(() => {
      this.#sql
        .prepare(
          `DELETE FROM revisions WHERE revision IN
         (SELECT previous FROM revisions WHERE revision > ? AND revision <= ? AND previous > 0)`,
        )
        .run(from, to);
      this.#sql
        .prepare("DELETE FROM revisions WHERE revision > ? AND revision <= ? AND operation = 'delete'")
        .run(from, to);
      this.#sql.prepare('UPDATE compaction SET revision = ?').run(to);
    });
    this.#compacted = to;
    return true;
  }

  #shrinkStep(): boolean {
    const pages = (name: string): number =>
      this.#sql.read(() => Number(this.#sql.prepare(`PRAGMA ${name}`).get()?.[name]));
    const free = pages('freelist_count');
    if (free < vacuumPages || free < pages('page_count') * maxFreeShare) return false;
    this.#sql.vacuum(vacuumPages);
    return true;
  }
}

const revisionOf = (object: StoredObject): number => Number(object.metadata.resourceVersion);

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
