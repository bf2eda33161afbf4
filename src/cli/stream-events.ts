import type { ChangeEvent } from '../api/change-event.ts';
import { changeEvents } from '../api/change-events.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { imageStreams } from '../api/resources.ts';
import type { Status } from '../api/status.ts';
import { exponentialBackoff } from '../lib/backoff.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { ApiClient } from './client.ts';
import { messageOf } from './errors.ts';
import { isPassing } from './event-feed.ts';

/*
 * Change events of a cluster, where streams are objects of their own and nobody serves a feed: whoever may list and watch streams sees what
 * their histories gain.
 */

export type StreamEventsQuery = {
  /** RFC 3339; undefined for everything that the histories hold. */
  readonly since: string | undefined;
  /** Goes on with what happens from now on, until the signal ends it. */
  readonly follow: boolean;
  /** Undefined: all that the user may see at once. */
  readonly namespace: string | undefined;
};

type Stream = Stored<ImageStream>;
type Page = {
  readonly metadata: { readonly resourceVersion: string; readonly continue?: string };
  readonly items?: readonly Stream[] | null;
};
type WatchLine =
  | { readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'; readonly object: Stream }
  | { readonly type: 'ERROR'; readonly object: Status };

const pageSize = '500';
const backoff = exponentialBackoff({ baseMs: 1000, maxMs: 30_000 });

const collectionOf = (namespace: string | undefined): string => {
  const { group, version, plural } = imageStreams;
  const scope = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/apis/${group}/${version}${scope}/${plural}`;
};

const readJson = async (client: ApiClient, path: string, signal: AbortSignal): Promise<unknown> => {
  let text = '';
  for await (const line of await client.lines(path, signal)) text += line;
  return JSON.parse(text);
};

const keyOf = ({ metadata }: Stream): string => `${metadata.namespace}/${metadata.name}`;

/** What is known of the streams, and up to which revision. */
class View {
  readonly #streams = new Map<string, Stream>();
  revision = '';

  /** Takes over all streams as they are now; what happened to them meanwhile, oldest first. */
  replace({ metadata, items }: Page, now: string): readonly ChangeEvent[] {
    const next = new Map((items ?? []).map((stream) => [keyOf(stream), stream]));
    const gone = [...this.#streams.values()].filter((stream) => !next.has(keyOf(stream)));
    const told = [
      ...gone.flatMap((stream) => this.remove(stream, now)),
      ...[...next.values()].flatMap((stream) => this.set(stream, now)),
    ];
    this.revision = metadata.resourceVersion;
    return told.toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
  }

  set(stream: Stream, now: string): readonly ChangeEvent[] {
    const old = this.#streams.get(keyOf(stream));
    this.#streams.set(keyOf(stream), stream);
    if (old === undefined || old.metadata.uid === stream.metadata.uid) return changeEvents(old, stream, now);
    return [...changeEvents(old, undefined, now), ...changeEvents(undefined, stream, now)];
  }

  remove(stream: Stream, now: string): readonly ChangeEvent[] {
    this.#streams.delete(keyOf(stream));
    return changeEvents(stream, undefined, now);
  }
}

const listAll = async (client: ApiClient, collection: string, signal: AbortSignal): Promise<Page> => {
  const items: Stream[] = [];
  for (let position = ''; ; ) {
    const query = new URLSearchParams({
      limit: pageSize,
      ...(position === '' ? {} : { continue: position }),
    });
    const page = (await readJson(client, `${collection}?${query.toString()}`, signal)) as Page;
    items.push(...(page.items ?? []));
    position = page.metadata.continue ?? '';
    if (position === '') return { metadata: page.metadata, items };
  }
};

/** What a watch tells from the view's revision on; returns when it ends, true where the streams have to be listed anew. */
async function* watch(
  client: ApiClient,
  collection: string,
  view: View,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): AsyncGenerator<ChangeEvent, boolean> {
  const query = new URLSearchParams({
    watch: 'true',
    allowWatchBookmarks: 'true',
    resourceVersion: view.revision,
  });
  for await (const line of await client.lines(`${collection}?${query.toString()}`, signal)) {
    const event = JSON.parse(line) as WatchLine;
    if (event.type === 'ERROR') return true;
    const now = formatTime(clock.now());
    if (event.type === 'DELETED') yield* view.remove(event.object, now);
    else if (event.type !== 'BOOKMARK') yield* view.set(event.object, now);
    view.revision = event.object.metadata.resourceVersion;
  }
  return false;
}

/** Change events of a cluster's streams, each once. What breaks is asked for again when it was followed; `onBreak` hears why. */
export async function* readStreamEvents(
  client: ApiClient,
  { since, follow, namespace }: StreamEventsQuery,
  { clock, onBreak }: { readonly clock: Clock; readonly onBreak: (why: string) => void },
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  const collection = collectionOf(namespace);
  const view = new View();
  const sinceMs = since === undefined ? Number.NEGATIVE_INFINITY : Date.parse(since);
  const first = view.replace(await listAll(client, collection, signal), formatTime(clock.now()));
  yield* first.filter(({ time }) => Date.parse(time) > sinceMs);
  let isStale = false;
  for (let attempt = 0; follow; attempt += 1) {
    if (attempt > 0) await clock.sleep(backoff(attempt), signal);
    try {
      if (isStale) yield* view.replace(await listAll(client, collection, signal), formatTime(clock.now()));
      const revision = view.revision;
      isStale = yield* watch(client, collection, view, { clock, signal });
      // It got somewhere: no reason to wait.
      if (view.revision !== revision) attempt = -1;
    } catch (error) {
      if (!isPassing(error)) throw error;
      onBreak(messageOf(error));
    }
  }
}
