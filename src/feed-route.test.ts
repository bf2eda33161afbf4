import { describe, expect, it } from 'vitest';
import { createManualClock } from '../test/fakes/clock.ts';
import type { ChangeEvent } from './api/change-event.ts';
import { createFeed } from './events/feed.ts';
import { createFeedRoute } from './feed-route.ts';

const event = (id: string, change: Partial<ChangeEvent> = {}): ChangeEvent => ({
  id,
  type: 'TagMoved',
  namespace: 'n',
  stream: 's',
  tag: 't',
  revision: 1,
  reference: 'r',
  time: '2026-01-01T00:00:00Z',
  ...change,
});

const setUp = (listed: readonly ChangeEvent[]) => {
  const clock = createManualClock();
  const feed = { ...createFeed({ listStreams: () => [], clock }), list: () => listed };
  const route = createFeedRoute(feed, clock);
  const ask = async (lastEventId: string | undefined): Promise<string> => {
    const request = { query: new URLSearchParams(), accept: 'text/event-stream', lastEventId };
    const { body } = await route.handle(request, new AbortController().signal);
    let text = '';
    for await (const chunk of body) text += chunk;
    return text;
  };
  const ids = async (lastEventId?: string) =>
    [...(await ask(lastEventId)).matchAll(/^id: (.*)$/gm)].map((match) => match[1]);
  return { feed, ask, ids };
};

describe('the feed, for a client that comes back', () => {
  it('goes on after the last event, with deletions and failures', async () => {
    const { feed, ids } = setUp([event('a'), event('c')]);
    feed.publish([event('a'), event('b', { type: 'TagDeleted' }), event('c')]);
    expect(await ids('a')).toEqual(['b', 'c']);
    expect(await ids('c')).toEqual([]);
    expect(await ids()).toEqual(['a', 'c']);
  });

  it('says after a restart of the server that something may be missing, and goes on with the histories', async () => {
    const later = '2026-01-01T00:00:05Z';
    const { ask, ids } = setUp([
      event('a', { time: '2025-12-31T00:00:00Z' }),
      event('b'),
      event('c', { time: later }),
    ]);
    expect(await ids('b')).toEqual(['c']);
    expect(await ask('b')).toMatch(/^event: Gap\n/);
    expect(await ids('unknown')).toEqual(['a', 'b', 'c']);
  });
});
