import type { ChangeEvent } from '../api/change-event.ts';
import { type Status, StatusError } from '../api/status.ts';
import { exponentialBackoff } from '../lib/backoff.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { ApiClient } from './client.ts';
import { CliError, messageOf } from './errors.ts';

/** What the feed is asked for. */
export type FeedQuery = {
  /** RFC 3339; undefined for everything that the server still has. */
  readonly since: string | undefined;
  /** Goes on with what happens from now on, until the signal ends it. */
  readonly follow: boolean;
};

const feedPath = '/apis/imagestreams.dev/v1/events';

const pathOf = ({ since, follow }: FeedQuery): string => {
  const query = new URLSearchParams({
    ...(since === undefined ? {} : { since }),
    ...(follow ? { follow: 'true' } : {}),
  });
  return query.size === 0 ? feedPath : `${feedPath}?${query.toString()}`;
};

const parseEvent = (line: string): ChangeEvent => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw new CliError('failed', 'the server sent a line that is no event', { cause: error });
  }
  if (typeof value === 'object' && value !== null) {
    // A feed that has begun can only tell its failure in its own lines.
    if ('kind' in value && value.kind === 'Status') throw new StatusError(value as unknown as Status);
    if ('id' in value && typeof value.id === 'string') return value as ChangeEvent;
  }
  throw new CliError('failed', 'the server sent a line that is no event');
};

const backoff = exponentialBackoff({ baseMs: 1000, maxMs: 30_000 });
/** Enough to know again what one second can hold: a feed that is resumed starts with the second of the last event. */
const rememberedIds = 10_000;

/** Ids that were seen, the oldest of which are forgotten. */
const createSeen = (): ((id: string) => boolean) => {
  const ids = new Set<string>();
  return (id) => {
    if (ids.has(id)) return true;
    ids.add(id);
    const [oldest] = ids;
    if (ids.size > rememberedIds && oldest !== undefined) ids.delete(oldest);
    return false;
  };
};

/** Whether asking again later may help: the server is gone, stopping, starting or busy. */
export const isPassing = (error: unknown): boolean =>
  error instanceof StatusError
    ? error.status.code === 429 || (error.status.code ?? 0) >= 500
    : error instanceof CliError && error.code === 'unreachable';

/** Times have second precision and the feed tells what is newer: what else happened in that second would be lost. */
const overlapMs = 1000;

/**
 * Change events as the server tells them, each once. A feed that is followed is asked for again, from the last event on, when its
 * connection breaks; `onBreak` hears why. Until the server has answered once, everything is thrown.
 */
export async function* readFeed(
  client: ApiClient,
  query: FeedQuery,
  ports: { readonly clock: Clock; readonly onBreak: (why: string) => void },
  signal: AbortSignal,
): AsyncGenerator<ChangeEvent> {
  const isSeen = createSeen();
  let since = query.since;
  let lastMs: number | undefined;
  let hasAnswered = false;
  for (let attempt = 1; ; attempt++) {
    const askedMs = ports.clock.now();
    try {
      const lines = await client.lines(pathOf({ ...query, since }), signal);
      hasAnswered = true;
      for await (const line of lines) {
        const event = parseEvent(line);
        lastMs = Math.max(lastMs ?? 0, Date.parse(event.time));
        attempt = 0;
        if (!isSeen(event.id)) yield event;
      }
      if (!query.follow) return;
      ports.onBreak('the server ended the feed');
    } catch (error) {
      if (!query.follow || !hasAnswered || !isPassing(error)) throw error;
      ports.onBreak(messageOf(error));
    }
    // Without an event to go on from: nothing that happens while the connection is gone may be missed.
    if (lastMs !== undefined) since = formatTime(lastMs - overlapMs);
    else since ??= formatTime(askedMs - overlapMs);
    await ports.clock.sleep(backoff(Math.max(1, attempt)), signal);
  }
}
