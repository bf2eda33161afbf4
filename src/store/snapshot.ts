import { decodeObject, type StoredObject } from './object.ts';
import type { Sql } from './sql.ts';
import type { ObjectKey } from './store.ts';

/** Which objects of a snapshot that is still kept, in order of namespace and name. */
export type SnapshotQuery = {
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  /** Only objects after this one. */
  readonly after: ObjectKey;
  /** As they were at this revision. */
  readonly revision: number;
};

/** UTF-16 units of JSON that one page holds, unless a single object is larger: bounds how long it holds up everything else. */
const pageSize = 4 * 1024 * 1024;

/** Some objects of a snapshot. */
export type Page = {
  readonly objects: readonly StoredObject[];
  /** No more follow. */
  readonly complete: boolean;
  /** UTF-16 units of their JSON. */
  readonly size: number;
};

/** At most `limit` objects. */
export const readPage = (sql: Sql, query: SnapshotQuery, limit: number): Page =>
  sql.read(() => {
    const rows = sql
      .prepare(
        `SELECT r.object FROM (${keysSql(query)} ORDER BY namespace, name LIMIT :limit) AS page
         JOIN revisions r ON r.revision = page.revision ORDER BY page.namespace, page.name`,
      )
      .iterate({ ...parameters(query), limit });
    const objects: StoredObject[] = [];
    let size = 0;
    for (const row of rows) {
      const text = String(row['object']);
      objects.push(decodeObject(text));
      size += text.length;
      if (size > pageSize) return { objects, complete: false, size };
    }
    return { objects, complete: objects.length < limit, size };
  });

/** How many objects there are. */
export const countObjects = (sql: Sql, query: SnapshotQuery): number =>
  sql.read(() => {
    const row = sql.prepare(`SELECT count(*) AS count FROM (${keysSql(query)})`).get(parameters(query));
    return Number(row?.['count']);
  });

/**
 * Selects namespace, name and revision. What changed after the snapshot is found by what the log says was there before: a create has no
 * such state, and of several changes only the first after the snapshot replaced one that belongs to it.
 */
const keysSql = (query: SnapshotQuery): string => {
  const where = (table: string): string =>
    [
      `${table}.resource = :resource`,
      `(${table}.namespace, ${table}.name) > (:afterNamespace, :afterName)`,
      ...(query.namespace === undefined ? [] : [`${table}.namespace = :namespace`]),
      ...(query.name === undefined ? [] : [`${table}.name = :name`]),
    ].join(' AND ');
  return `SELECT namespace, name, revision FROM objects
      WHERE ${where('objects')} AND revision <= :revision
    UNION ALL
    SELECT later.namespace, later.name, later.previous FROM revisions AS later
      WHERE ${where('later')} AND later.revision > :revision AND later.previous BETWEEN 1 AND :revision`;
};

const parameters = (query: SnapshotQuery): Record<string, string | number> => ({
  resource: query.resource,
  afterNamespace: query.after.namespace,
  afterName: query.after.name,
  revision: query.revision,
  ...(query.namespace === undefined ? {} : { namespace: query.namespace }),
  ...(query.name === undefined ? {} : { name: query.name }),
});
