import { setImmediate as nextTurn } from 'node:timers/promises';
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
import { countObjects, readPage, type SnapshotQuery } from './snapshot.ts';
import type { Sql } from './sql.ts';
import type { ListOptions, ListResult, ObjectKey } from './store.ts';

/** Objects that a list reads before it gives others a turn. */
const pageRows = 250;

/** What a list reads from. */
export type ListSource = { readonly log: RevisionLog; readonly sql: Sql };

/** Lists a snapshot; see the port for what it promises. Writes may happen in between: the snapshot stays the same. */
export const listObjects = async (
  { log, sql }: ListSource,
  resource: string,
  options: ListOptions,
  signal: AbortSignal,
): Promise<ListResult<StoredObject>> => {
  const start = startOf(log, options);
  if (options.continueToken) requireKeptPage(start, log);
  const matches = createMatcher(options);
  const query: SnapshotQuery = {
    resource,
    namespace: options.namespace,
    name: options.fields?.find(({ path, operator }) => path === 'metadata.name' && operator === '=')?.value,
    ...start,
  };
  const { items, after } = await collect({ log, sql }, query, matches, options.limit || Infinity, signal);
  const remaining = after === undefined ? 0 : countObjects(sql, { ...query, after });
  return {
    items,
    resourceVersion: String(start.revision),
    ...(after === undefined || remaining === 0
      ? {}
      : { continueToken: formatContinueToken({ revision: start.revision, after }) }),
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
  { log, sql }: ListSource,
  query: SnapshotQuery,
  matches: Matcher | undefined,
  limit: number,
  signal: AbortSignal,
): Promise<Collected> => {
  const items: StoredObject[] = [];
  for (let after = query.after; ; await nextTurn()) {
    signal.throwIfAborted();
    requireKept(query.revision, log);
    const rows = matches === undefined ? Math.min(pageRows, limit - items.length) : pageRows;
    const { objects, complete } = readPage(sql, { ...query, after }, rows);
    for (const object of objects) {
      if (matches === undefined || matches(object)) items.push(object);
      after = keyOf(object);
      if (items.length === limit) return { items, after };
    }
    if (complete) return { items, after: undefined };
  }
};

const keyOf = ({ metadata: { namespace = '', name } }: StoredObject): ObjectKey => ({ namespace, name });
