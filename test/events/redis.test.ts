import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageStreams } from '../../src/api/resources.ts';
import { removeTag } from '../../src/api/tag-history.ts';
import { MemoryStore } from '../fakes/store.ts';
import { hasRedis, type RedisServer, startRedis } from '../setup/redis.ts';
import { changeStatus, createStream, moveTag, startPublisher, until } from './program.ts';
import { readEvents, redisSinkOn, survivesKills } from './redis-moves.ts';

const never = new AbortController().signal;

describe.skipIf(!hasRedis)('change events in Redis', () => {
  let redis: RedisServer;
  const cleanUp: (() => unknown)[] = [];
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    for (const clean of cleanUp.splice(0).toReversed()) await clean();
    await redis.stop();
  });

  const start = (store: MemoryStore, options: Parameters<typeof redisSinkOn>[1] = {}) => {
    const sink = redisSinkOn(redis.url, options);
    const program = startPublisher(store, sink);
    cleanUp.push(sink.close, program.kill);
    return { sink, ...program };
  };
  const told = async () =>
    (await readEvents(redis.url)).map(({ type, tag, revision }) => `${type} ${tag} ${revision}`);

  it('tells each move once although publishers are killed between a script and its answer', async () => {
    await survivesKills(redis, { moves: 200, kills: 12, streams: 4 });
  }, 60_000);

  it('tells what happened while nobody ran: moves, deleted tags and deleted streams', async () => {
    const store = new MemoryStore(Date.now);
    await createStream(store, 'a');
    await createStream(store, 'b');
    await moveTag(store, 'a', 't', 1);
    await moveTag(store, 'a', 'u', 1);
    await moveTag(store, 'b', 't', 1);
    const first = start(store);
    await until(async () => (await told()).length === 3, 'three events');
    await first.kill();
    await moveTag(store, 'a', 't', 2);
    await changeStatus(store, 'a', (status) => removeTag(status, 'u'));
    await store.delete(imageStreams, { namespace: 'team', name: 'b' }, {}, never);
    await createStream(store, 'b');
    await moveTag(store, 'b', 't', 7);
    start(store);
    await until(async () => (await told()).length === 7, 'four more');
    const events = (await readEvents(redis.url)).slice(3);
    const shown = events.map(({ type, stream, tag, revision }) => `${type} ${stream}:${tag} ${revision}`);
    expect(shown.filter((line) => line.includes('a:'))).toEqual(['TagMoved a:t 2', 'TagDeleted a:u 1']);
    expect(shown.filter((line) => line.includes('b:'))).toEqual(['TagDeleted b:t 1', 'TagCreated b:t 1']);
    expect(new Set(events.map(({ id }) => id)).size).toBe(4);
  });

  it('says nothing twice after a restart of itself', async () => {
    const store = new MemoryStore(Date.now);
    await createStream(store, 'a');
    for (const number of [1, 2, 3]) await moveTag(store, 'a', 't', number);
    const first = start(store);
    await until(async () => (await told()).length === 3, 'three events');
    await first.kill();
    const second = start(store);
    await moveTag(store, 'a', 't', 4);
    await until(async () => (await told()).length >= 4, 'one more');
    await until(() => second.publisher.oldestPendingMs() === undefined, 'nothing left');
    expect(await told()).toEqual(['TagCreated t 1', 'TagMoved t 2', 'TagMoved t 3', 'TagMoved t 4']);
  });

  it('goes on where it was when Redis was down for a while', async () => {
    const store = new MemoryStore(Date.now);
    await createStream(store, 'a');
    await moveTag(store, 'a', 't', 1);
    const { told: metrics, logger, publisher } = start(store);
    await until(async () => (await told()).length === 1, 'one event');
    await redis.pause();
    for (const number of [2, 3]) await moveTag(store, 'a', 't', number);
    await until(() => metrics.some((event) => event.type === 'up' && !event.isUp), 'the sink is down');
    expect(publisher.oldestPendingMs()).toBeDefined();
    await redis.resume();
    await until(async () => (await told()).length === 3, 'three events');
    expect(await told()).toEqual(['TagCreated t 1', 'TagMoved t 2', 'TagMoved t 3']);
    expect(logger.lines.filter(({ level }) => level === 'warn').length).toBeLessThanOrEqual(2);
  });

  it('refuses a leader whose term is over, and one that lags behind a deletion', async () => {
    const store = new MemoryStore(Date.now);
    await createStream(store, 'a');
    await moveTag(store, 'a', 't', 1);
    const stream = await store.get(imageStreams, { namespace: 'team', name: 'a' }, never);
    const identity = { uid: stream?.metadata.uid ?? '', namespace: 'team', name: 'a' };
    const leader = start(store, { epoch: 2 });
    await until(async () => (await told()).length === 1, 'one event');
    const [event] = await readEvents(redis.url);
    if (event === undefined) throw new Error('no event');
    const again = { tag: 't', after: 0, to: 1, event };
    const stale = redisSinkOn(redis.url, { epoch: 1 });
    cleanUp.push(stale.close);
    await expect(stale.publish(identity, again, never)).rejects.toThrow('another program leads');
    expect(await leader.sink.publish(identity, again, never)).toEqual({ kind: 'stale' });
    await changeStatus(store, 'a', (status) => removeTag(status, 't'));
    await until(async () => (await told()).length === 2, 'the tag is gone');
    expect(await leader.sink.publish(identity, again, never)).toEqual({ kind: 'stale' });
    await store.delete(imageStreams, { namespace: 'team', name: 'a' }, {}, never);
    await until(async () => (await leader.sink.load(never).next()).done === true, 'the stream is gone');
    expect(await leader.sink.publish(identity, { ...again, to: 9 }, never)).toEqual({ kind: 'stale' });
    expect(await told()).toEqual(['TagCreated t 1', 'TagDeleted t 1']);
  });

  it('keeps about as many events as it is told to', async () => {
    const store = new MemoryStore(Date.now);
    await createStream(store, 'a');
    for (let number = 0; number < 400; number += 1) await moveTag(store, 'a', 't', number);
    start(store, { maxLength: 100 });
    await until(async () => (await readEvents(redis.url)).at(-1)?.revision === 400, 'all told');
    const events = await readEvents(redis.url);
    expect(events.length).toBeGreaterThanOrEqual(100);
    expect(events.length).toBeLessThan(400);
  });
});
