import type { KubernetesObject } from '../api/meta.ts';
import type { Resource } from '../api/resource.ts';
import type { Status } from '../api/status.ts';
import type { Clock } from '../lib/clock.ts';
import { StoreError } from '../store/errors.ts';
import { parseRevision } from '../store/revision.ts';
import type { WatchEvent, WatchOptions } from '../store/store.ts';
import type { ApiClient } from './api-client.ts';
import { ApiError } from './errors.ts';
import { collectionPath, fromWire, selectors } from './wire.ts';

/** How long a server keeps one watch open: between one and two of these, so that those of many programs end at different times. */
const openSeconds = 300;
/** A watch that the server ends sooner than this, without an event, is a failure: to ask again at once would be a flood. */
const shortMs = 1_000;

type WireEvent =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: KubernetesObject }
  | { readonly type: 'ERROR'; readonly object: Status };

export type WatchSource = {
  readonly client: ApiClient;
  readonly clock: Clock;
  /** What every object that was parsed goes through. */
  readonly share: <Value>(parsed: Value) => Value;
};

const request = <T extends KubernetesObject>(
  resource: Resource<T>,
  options: WatchOptions,
  resourceVersion: string,
) =>
  ({
    method: 'GET',
    path: collectionPath(resource, options.namespace),
    query: {
      ...selectors(resource, options),
      watch: 'true',
      allowWatchBookmarks: 'true',
      resourceVersion,
      timeoutSeconds: String(Math.round(openSeconds * (1 + Math.random()))),
    },
  }) as const;

/** What an event of the wire is to a watcher. */
const toEvent = <T extends KubernetesObject>(resource: Resource<T>, event: WireEvent): WatchEvent<T> => {
  if (event.type === 'ERROR') {
    const { code = 500, message = 'the watch failed' } = event.object;
    throw new ApiError(code, event.object, `watch of ${resource.plural}: ${message}`);
  }
  if (event.type !== 'BOOKMARK') return { type: event.type, object: fromWire(resource, event.object) };
  return { type: 'BOOKMARK', resourceVersion: event.object.metadata.resourceVersion ?? '' };
};

/**
 * Follows a resource. Servers end each watch after some minutes: it goes on from the last revision seen, bookmarks included, so that
 * nothing is missed or told twice. A connection that breaks is told to the reader, who waits and resumes.
 */
export async function* watchObjects<T extends KubernetesObject>(
  { client, clock, share }: WatchSource,
  resource: Resource<T>,
  options: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<WatchEvent<T>, void, undefined> {
  // A server would answer an internal error.
  parseRevision(options.fromRevision);
  let revision = options.fromRevision;
  while (!signal.aborted) {
    const openedAt = clock.monotonic();
    let hasEvents = false;
    for await (const line of client.stream(request(resource, options, revision), signal)) {
      const event = share(toEvent(resource, line as WireEvent));
      hasEvents = true;
      revision = event.type === 'BOOKMARK' ? event.resourceVersion : event.object.metadata.resourceVersion;
      if (event.type !== 'BOOKMARK' || options.bookmarkIntervalMs !== undefined) yield event;
      if (signal.aborted) return;
    }
    if (!hasEvents && clock.monotonic() - openedAt < shortMs)
      throw new StoreError('unavailable', `watch of ${resource.plural}: the server ended it at once`);
  }
}
