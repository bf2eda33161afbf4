import { setImmediate as nextTurn } from 'node:timers/promises';
import { createWeightedCache } from '../lib/weighted-cache.ts';
import type { StoredObject } from './object.ts';
import {
  formatContinueToken,
  type PageStart,
  parseContinueToken,
  parseRevision,
  requireKept,
  requireKeptPage,
} from './revision.ts';
import type { RevisionLog } from './revision-log.ts';
import { createMatcher, type Matcher } from './selector.ts';
import { countObjects, type Page, readPage, type SnapshotQuery } from './snapshot.ts';
import type { Sql } from './sql.ts';
import type { ListOptions, ListResult, ObjectKey } from './store.ts';

/** Objects that a list reads before it gives others a turn. */
const pageRows = 250;

/** UTF-16 units of JSON in the pages that are kept for who lists the same a moment later, as two informers do at a start. */
const keptSize = 2 * 1024 * 1024;

/** What a page weighs beside its objects, most of all one without any. */
const emptyPageSize = 1024;

/** Pages of snapshots that were read last: the past never changes, so that one is never wrong. */
export type PageCache = ReturnType<typeof createPageCache>;

export const createPageCache = () => createWeightedCache<Page>(keptSize);

/** What a list reads from. */
export type ListSource = { readonly log: RevisionLog; readonly sql: Sql; readonly pages: PageCache };

/** Lists a snapshot; see the port for what it promises. Writes may happen in between: the snapshot stays the same. */
export const listObjects = async (
  source: ListSource,
  resource: string,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ListResult<StoredObject>> => {
  const { log, sql } = source;
  const start = startOf(log, options);
  if (options.continueToken) requireKeptPage(start, log);
  const matches = createMatcher(options);
  const query: SnapshotQuery = {
    resource,
    namespace: options.namespace,
    name: options.fields?.find(({ path, operator }) => path === 'metadata.name' && operator === '=')?.value,
    after: start.after,
    revision: start.revision,
  };
  const { items, after } = await collect(source, query, matches, options.limit || Infinity, signal);
  // Counting goes through all that follows: once, and not for each of many pages.
  const counted = matches === undefined ? start.remaining : undefined;
  const countAfter = (last: ObjectKey): number =>
    counted === undefined ? countObjects(sql, { ...query, after: last }) : counted - items.length;
  const remaining = after === undefined ? 0 : countAfter(after);
  return {
    items,
    resourceVersion: String(start.revision),
    ...(after === undefined || remaining === 0
      ? {}
      : {
          continueToken: formatContinueToken({
            revision: start.revision,
            after,
            remaining: matches === undefined ? remaining : undefined,
          }),
        }),
    ...(remaining === 0 || matches !== undefined ? {} : { remainingItemCount: remaining }),
  };
};

const startOf = (log: RevisionLog, { continueToken, exactRevision }: ListOptions): PageStart =>
  continueToken !== undefined && continueToken !== ''
    ? parseContinueToken(continueToken)
    : {
        revision: exactRevision === undefined ? log.last : parseRevision(exactRevision),
        after: { namespace: '', name: '' },
      };

type Collected = {
  readonly items: readonly StoredObject[];
  /** The last object looked at, when more may follow. */
  readonly after: ObjectKey | undefined;
};

const collect = async (
  source: ListSource,
  query: SnapshotQuery,
  matches: Matcher | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<Collected> => {
  const items: StoredObject[] = [];
  for (let after = query.after; ; await nextTurn()) {
    signal.throwIfAborted();
    requireKept(query.revision, source.log);
    const rows = matches === undefined ? Math.min(pageRows, limit - items.length) : pageRows;
    const { objects, complete } = pageOf(source, { ...query, after }, rows);
    for (const object of objects) {
      if (matches === undefined || matches(object)) items.push(object);
      after = keyOf(object);
      if (items.length === limit) return { items, after };
    }
    if (complete) return { items, after: undefined };
  }
};

/** A page of a snapshot; of a kind that was not written to since, the same as before. */
const pageOf = ({ log, sql, pages }: ListSource, query: SnapshotQuery, rows: number): Page => {
  const { resource, namespace, name, after } = query;
  const since = log.unchangedSince(resource, query.revision);
  const id = JSON.stringify([resource, namespace, name, after.namespace, after.name, since, rows]);
  const known = pages.get(id);
  if (known !== undefined) return known;
  const page = readPage(sql, query, rows);
  pages.set(id, page, page.size + emptyPageSize);
  return page;
};

const keyOf = ({ metadata: { namespace = '', name } }: StoredObject): ObjectKey => ({ namespace, name });
