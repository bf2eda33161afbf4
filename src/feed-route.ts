import type { ChangeEvent } from './api/change-event.ts';
import type { ExtraRoute } from './apiserver/server.ts';
import { type Clock, formatTime } from './lib/clock.ts';

/** The local feed of change events. */
export type Feed = {
  /** What the histories tell, oldest first; `sinceMs`: only events after that time. */
  readonly list: (options: { readonly sinceMs?: number | undefined }) => readonly ChangeEvent[];
  /** What was told after the event of that id, where it is remembered. */
  readonly after: (id: string) => readonly ChangeEvent[] | undefined;
  /** Events as they happen, until `signal` is aborted; then it just ends. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<ChangeEvent>;
};

type FeedQuery = {
  readonly sinceMs: number | undefined;
  readonly isFollowing: boolean;
  /** The last event that a client had before its connection broke. */
  readonly lastEventId: string | undefined;
};

/** Says that what happened between two events is not known any more, but for what the histories tell. */
const gapAfter = (lastEventId: string, time: string): ChangeEvent => ({
  id: `after-${lastEventId}`,
  type: 'Gap',
  namespace: '',
  stream: '',
  tag: '',
  revision: 0,
  reference: '',
  message: `the event ${lastEventId} is not remembered: deletions and failures after it may be missing; what the histories hold follows`,
  time,
});

/** What stands before what happens from now on: all that is known, or what a client missed. */
const missedEvents = (
  feed: Feed,
  { sinceMs, lastEventId }: FeedQuery,
  now: () => string,
): readonly ChangeEvent[] => {
  if (lastEventId === undefined) return feed.list({ sinceMs });
  const remembered = feed.after(lastEventId);
  if (remembered !== undefined) return remembered;
  const listed = feed.list({ sinceMs });
  const last = listed.find(({ id }) => id === lastEventId);
  // Times have second precision: what happened in the same second may be told twice, under its id.
  const newer = listed.filter(
    ({ id, time }) => id !== lastEventId && (last === undefined || time >= last.time),
  );
  return [gapAfter(lastEventId, now()), ...newer];
};

async function* eventsOf(
  feed: Feed,
  query: FeedQuery,
  now: () => string,
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  // Followed before it is listed: what happens in between is in both, and told once.
  const live = query.isFollowing ? feed.follow(signal) : undefined;
  const told = new Set<string>();
  for (const event of missedEvents(feed, query, now)) {
    told.add(event.id);
    yield event;
  }
  for await (const event of live ?? []) {
    if (!told.delete(event.id)) yield event;
  }
}

const asLine = (event: ChangeEvent): string => `${JSON.stringify(event)}\n`;
/** A gap of the feed itself is nothing to come back to: the client keeps the id that it has. */
const asServerSent = (event: ChangeEvent): string =>
  `${event.stream === '' ? '' : `id: ${event.id}\n`}event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function* rendered(
  events: AsyncIterable<ChangeEvent>,
  render: (event: ChangeEvent) => string,
): AsyncGenerator<string> {
  for await (const event of events) yield render(event);
}

/**
 * `GET /apis/imagestreams.dev/v1/events?since=RFC3339&follow=true`: change events as JSON lines, or as server-sent events for a client
 * that accepts `text/event-stream`. Such a client comes back with `Last-Event-ID` and hears what it missed, after a Gap where that is not known.
 */
export const createFeedRoute = (feed: Feed, clock: Pick<Clock, 'now'>): ExtraRoute => ({
  path: '/apis/imagestreams.dev/v1/events',
  isPublic: false,
  handle: async ({ query, accept, lastEventId }, signal) => {
    const since = query.get('since');
    const sinceMs = since === null ? undefined : Date.parse(since);
    if (Number.isNaN(sinceMs)) {
      return {
        status: 400,
        contentType: 'text/plain; charset=utf-8',
        body: `since: "${since}" is no RFC 3339 time\n`,
      };
    }
    const isFollowing = query.get('follow') === 'true';
    const events = eventsOf(
      feed,
      { sinceMs, isFollowing, lastEventId },
      () => formatTime(clock.now()),
      signal,
    );
    return accept.includes('text/event-stream')
      ? { contentType: 'text/event-stream', body: rendered(events, asServerSent) }
      : { contentType: 'application/x-ndjson', body: rendered(events, asLine) };
  },
});
