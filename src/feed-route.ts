import type { ChangeEvent } from './api/change-event.ts';
import type { ExtraRoute } from './apiserver/server.ts';

/** The local feed of change events. */
export type Feed = {
  /** What the histories tell, oldest first; `sinceMs`: only events after that time. */
  readonly list: (options: { readonly sinceMs?: number | undefined }) => readonly ChangeEvent[];
  /** Events as they happen, until `signal` is aborted; then it just ends. */
  readonly follow: (signal: AbortSignal) => AsyncIterable<ChangeEvent>;
};

async function* eventsOf(
  feed: Feed,
  sinceMs: number | undefined,
  isFollowing: boolean,
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  // Followed before it is listed: what happens in between is in both, and told once.
  const live = isFollowing ? feed.follow(signal) : undefined;
  const told = new Set<string>();
  for (const event of feed.list({ sinceMs })) {
    told.add(event.id);
    yield event;
  }
  for await (const event of live ?? []) {
    if (!told.delete(event.id)) yield event;
  }
}

const asLine = (event: ChangeEvent): string => `${JSON.stringify(event)}\n`;
const asServerSent = (event: ChangeEvent): string =>
  `id: ${event.id}\nevent: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;

async function* rendered(
  events: AsyncIterable<ChangeEvent>,
  render: (event: ChangeEvent) => string,
): AsyncGenerator<string> {
  for await (const event of events) yield render(event);
}

/**
 * `GET /apis/imagestreams.dev/v1/events?since=RFC3339&follow=true`: change events as JSON lines, or as server-sent events for a client
 * that accepts `text/event-stream`.
 */
export const createFeedRoute = (feed: Feed): ExtraRoute => ({
  path: '/apis/imagestreams.dev/v1/events',
  isPublic: false,
  handle: async ({ query, accept }, signal) => {
    const since = query.get('since');
    const sinceMs = since === null ? undefined : Date.parse(since);
    if (Number.isNaN(sinceMs)) {
      return {
        status: 400,
        contentType: 'text/plain; charset=utf-8',
        body: `since: "${since}" is no RFC 3339 time\n`,
      };
    }
    const events = eventsOf(feed, sinceMs, query.get('follow') === 'true', signal);
    return accept.includes('text/event-stream')
      ? { contentType: 'text/event-stream', body: rendered(events, asServerSent) }
      : { contentType: 'application/x-ndjson', body: rendered(events, asLine) };
  },
});
