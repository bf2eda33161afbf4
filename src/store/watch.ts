import type { Clock } from '../lib/clock.ts';
import type { ChangeFeed } from './change-feed.ts';
import { type StoredObject, withRevision } from './object.ts';
import { parseRevision, requireKept } from './revision.ts';
import type { Change, Reading, RevisionLog } from './revision-log.ts';
import { createMatcher, type Matcher } from './selector.ts';
import type { WatchEvent, WatchOptions } from './store.ts';

type StoredEvent = WatchEvent<StoredObject>;

/** Changes that a watcher takes from the feed's memory at once. */
const feedBatch = 100;

/** What a watch reads from. */
export type WatchSource = {
  readonly log: RevisionLog;
  readonly feed: ChangeFeed;
  readonly clock: Clock;
  /** Aborted when the store closes. */
  readonly closed: AbortSignal;
};

/** Follows a resource: over the log up to the newest change, then live. See the port for what it promises. */
export async function* watchChanges(
  source: WatchSource,
  resource: string,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<StoredEvent, void, undefined> {
  const ended = AbortSignal.any([signal, source.closed]);
  const matches = createMatcher(options);
  let position = parseRevision(options.fromRevision);
  requireKept(position, source.log);
  const pause = createPause(source, resource, options.bookmarkIntervalMs, ended);
  try {
    while (!pause.isOver()) {
      const { changes, through } = changesAfter(source, resource, position);
      for (const change of changes) {
        const event = toEvent(change, options.namespace, matches);
        position = change.revision;
        if (event === undefined) continue;
        yield event;
        if (pause.isOver()) return;
      }
      const caughtUp = through === position && changes.length === 0;
      position = through;
      if (pause.takeBookmarkDue()) yield { type: 'BOOKMARK', resourceVersion: String(position) };
      else if (caughtUp) await pause.wait();
    }
  } finally {
    pause.end();
  }
}

/** From memory where that reaches back far enough, else from the log, where a reader that is too slow meets compaction. */
const changesAfter = ({ log, feed }: WatchSource, resource: string, position: number): Reading => {
  const recent = feed.after(resource, position, feedBatch);
  if (recent !== undefined) {
    const through = recent.length === feedBatch ? (recent.at(-1)?.revision ?? position) : log.last;
    return { changes: recent, through };
  }
  requireKept(position, log);
  return log.changes(resource, position);
};

/** What a watcher is told of a change; undefined when it concerns nothing that the watcher has selected. */
export const toEvent = (
  change: Change,
  namespace: string | undefined,
  matches: Matcher | undefined,
): StoredEvent | undefined => {
  if (namespace !== undefined && namespace !== change.key.namespace) return undefined;
  const { object, operation } = change;
  const is = matches === undefined || matches(object);
  switch (operation) {
    case 'create':
      return is ? { type: 'ADDED', object } : undefined;
    case 'delete':
      return is ? { type: 'DELETED', object } : undefined;
    case 'update': {
      if (matches === undefined) return { type: 'MODIFIED', object };
      const previous = change.previous();
      const was = previous !== undefined && matches(previous);
      if (is) return { type: was ? 'MODIFIED' : 'ADDED', object };
      return was ? { type: 'DELETED', object: withRevision(previous, change.revision) } : undefined;
    }
  }
};

/** How a watcher waits: until something is published, a bookmark is due, or it is over. */
const createPause = (
  { feed, clock }: WatchSource,
  resource: string,
  bookmarkIntervalMs: number | undefined,
  ended: AbortSignal,
) => {
  let wake = (): void => undefined;
  let bookmarkDue = false;
  const timers = new AbortController();
  const unsubscribe = feed.subscribe(resource, () => wake());
  // Remembered, since a signal of several looks at all of them each time that it is asked.
  let isOver = ended.aborted;
  const onEnd = (): void => {
    isOver = true;
    wake();
  };
  ended.addEventListener('abort', onEnd);

  const armBookmark = (): void => {
    if (bookmarkIntervalMs === undefined) return;
    clock.sleep(bookmarkIntervalMs, timers.signal).then(
      () => {
        bookmarkDue = true;
        wake();
      },
      // Only aborted, when the watch is over.
      () => undefined,
    );
  };
  armBookmark();

  return {
    isOver: (): boolean => isOver,
    wait: (): Promise<void> =>
      new Promise((resolve) => {
        wake = resolve;
      }),
    takeBookmarkDue: (): boolean => {
      if (!bookmarkDue) return false;
      bookmarkDue = false;
      armBookmark();
      return true;
    },
    end: (): void => {
      unsubscribe();
      ended.removeEventListener('abort', onEnd);
      timers.abort(new Error('the watch is over'));
    },
  };
};
