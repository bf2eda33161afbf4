import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../test/fakes/clock.ts';
import type { ChangeEvent } from '../api/change-event.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { createFeed } from './feed.ts';

const item = (revision: number, created: string) => ({
  created,
  dockerImageReference: `quay.io/team/app@sha256:${revision}`,
  image: `sha256:${revision}`,
  generation: 1,
  revision,
});

const stream = (name: string, ...items: readonly ReturnType<typeof item>[]): Stored<ImageStream> => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    name,
    namespace: 'team',
    uid: `uid-${name}`,
    resourceVersion: '1',
    creationTimestamp: '2026-01-01T00:00:00Z',
  },
  status: { tags: [{ tag: 'v1', items }] },
});

const event = (id: string): ChangeEvent => ({
  id,
  type: 'TagMoved',
  namespace: 'team',
  stream: 'app',
  tag: 'v1',
  revision: 1,
  reference: '',
  time: '2026-01-01T00:00:00Z',
});

const collect = async (events: AsyncIterable<ChangeEvent>): Promise<readonly string[]> => {
  const ids: string[] = [];
  for await (const { id } of events) ids.push(id);
  return ids;
};

describe('createFeed', () => {
  const clock = createManualClock();

  it('lists the histories of all streams in order of time, with ids that stay', () => {
    const streams = [
      stream('b', item(2, '2026-01-01T00:00:03Z'), item(1, '2026-01-01T00:00:01Z')),
      stream('a', item(1, '2026-01-01T00:00:02Z')),
    ];
    const feed = createFeed({ listStreams: () => streams, clock });
    const listed = feed.list({});
    expect(listed.map(({ stream: name, type, revision }) => [name, type, revision])).toEqual([
      ['b', 'TagCreated', 1],
      ['a', 'TagCreated', 1],
      ['b', 'TagMoved', 2],
    ]);
    expect(feed.list({ sinceMs: Date.parse('2026-01-01T00:00:02Z') })).toEqual([listed[2]]);
  });

  it('lists the deletions and failures that it remembers too, each event once and in its order', () => {
    const streams = [stream('a', item(1, '2026-01-01T00:00:02Z'))];
    const feed = createFeed({ listStreams: () => streams, clock });
    const [known] = feed.list({});
    if (known === undefined) throw new Error('nothing is listed');
    const at = { time: '2026-01-01T00:00:02Z' };
    feed.publish([
      { ...event('gone'), type: 'TagDeleted', ...at },
      known,
      { ...event('failed'), type: 'ImportFailed', time: '2026-01-01T00:00:09Z' },
    ]);
    expect(feed.list({}).map(({ id }) => id)).toEqual(['gone', known.id, 'failed']);
    expect(feed.list({ sinceMs: Date.parse(at.time) }).map(({ id }) => id)).toEqual(['failed']);
  });

  it('tells a follower everything from its call on, once, until it is stopped', async () => {
    const feed = createFeed({ listStreams: () => [], clock });
    const stop = new AbortController();
    feed.publish([event('before')]);
    const following = feed.follow(stop.signal);
    feed.publish([event('one'), event('two')]);
    const read = collect(following);
    feed.publish([event('three')]);
    await new Promise((resolve) => setImmediate(resolve));
    stop.abort();
    expect(await read).toEqual(['one', 'two', 'three']);
  });

  it('keeps nothing for a follower that was stopped before it read', async () => {
    const feed = createFeed({ listStreams: () => [], clock });
    const stop = new AbortController();
    const following = feed.follow(stop.signal);
    const late = feed.follow(AbortSignal.abort());
    feed.publish([event('before')]);
    stop.abort();
    feed.publish([event('after')]);
    expect(await collect(following)).toEqual(['before']);
    expect(await collect(late)).toEqual([]);
  });

  it('ends a follower that falls too far behind, and not the others', async () => {
    const feed = createFeed({ listStreams: () => [], clock });
    const stop = new AbortController();
    const slow = feed.follow(stop.signal);
    const many = Array.from({ length: 6000 }, (_, index) => event(String(index)));
    feed.publish(many);
    const quick = feed.follow(stop.signal);
    feed.publish(many);
    const reading = collect(quick);
    expect(await collect(slow)).toHaveLength(6000);
    stop.abort();
    expect(await reading).toHaveLength(6000);
  });
});
