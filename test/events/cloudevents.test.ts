import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import { changeCursors, imageStreams } from '../../src/api/resources.ts';
import { removeTag } from '../../src/api/tag-history.ts';
import { createCloudEventsSink, maxRefusals } from '../../src/events/cloudevents.ts';
import { createCursorStore } from '../../src/events/cursor-store.ts';
import { createPost } from '../../src/events/http-post.ts';
import { MemoryStore } from '../fakes/store.ts';
import { type Answer, type Receiver, startReceiver } from '../setup/receiver.ts';
import {
  changeStatus,
  createHastyClock,
  createStream,
  historiesIn,
  historiesOf,
  moveTag,
  startPublisher,
  until,
} from './program.ts';

const never = new AbortController().signal;
const clock = createHastyClock();
const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const clean of cleanUp.splice(0).toReversed()) await clean();
});

const receive = async (answer?: Answer): Promise<Receiver> => {
  const receiver = await startReceiver(answer);
  cleanUp.push(receiver.stop);
  return receiver;
};

const start = (store: MemoryStore, { url }: Pick<Receiver, 'url'>, name = 'cloudevents') => {
  const sink = createCloudEventsSink({
    name,
    clock,
    readSecrets: async () => [Buffer.from('secret')],
    cursors: createCursorStore(store, ['cloudevents', 'cloudevents-other']),
    ...createPost({ url, ca: undefined, timeoutMs: 500 }),
  });
  const program = startPublisher(store, sink, clock);
  cleanUp.push(sink.close, program.kill);
  return { sink, ...program };
};

const told = ({ taken }: Receiver) =>
  taken.map(({ event }) => `${event.type} ${event.tag} ${event.revision}`);
const storeWith = async (...names: readonly string[]): Promise<MemoryStore> => {
  const store = new MemoryStore(Date.now);
  for (const name of names) await createStream(store, name);
  return store;
};
const parkedIn = async (store: MemoryStore) =>
  (await store.list(changeCursors, {}, never)).items.flatMap(({ sinks = [] }) =>
    sinks.flatMap(({ parked = [] }) => parked),
  );

describe('change events as CloudEvents', () => {
  it('are structured, signed, and say what their order holds for', async () => {
    const store = await storeWith('a');
    await moveTag(store, 'a', 't', 1);
    const receiver = await receive();
    start(store, receiver);
    await until(() => receiver.taken.length === 1, 'one event');
    const [{ headers, body, event }] = receiver.taken as [Receiver['taken'][number]];
    expect(JSON.parse(body)).toEqual({
      specversion: '1.0',
      id: event.id,
      source: '/apis/image.openshift.io/v1/namespaces/team/imagestreams/a',
      type: 'dev.imagestreams.tag.created',
      subject: 't',
      time: '2026-01-01T00:00:00Z',
      partitionkey: 'team/a:t',
      datacontenttype: 'application/json',
      data: event,
    });
    expect(headers['content-type']).toBe('application/cloudevents+json; charset=utf-8');
    const signed = `${event.id}.${headers['webhook-timestamp'] as string}.${body}`;
    const signature = createHmac('sha256', 'secret').update(signed).digest('base64');
    expect(headers['webhook-signature']).toBe(`v1,${signature}`);
  });

  it('arrive at least once, in order and under the same id, although the receiver fails at random and the program is restarted', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const store = await storeWith(...names);
    let seed = 7;
    const random = (below: number): number => {
      seed = (Math.imul(seed, 1_664_525) + 1_013_904_223) >>> 0;
      return Math.floor((seed / 2 ** 32) * below);
    };
    const receiver = await receive((_received, response) => {
      const failures: readonly (() => unknown)[] = [
        () => response.writeHead(503).end(),
        () => response.writeHead(429, { 'retry-after': '1' }).end(),
        () => response.writeHead(408).end('<html>'),
        // The answer is lost, although the event was taken.
        () => response.destroy(),
      ];
      const failure = failures[random(16)];
      if (failure === undefined) response.writeHead(200).end('thanks');
      else failure();
    });
    let program = start(store, receiver);
    for (let move = 0; move < 120; move += 1) {
      await moveTag(store, names[random(4)] ?? '', `t${random(3)}`, random(20));
      if (move % 20 === 19) {
        await program.kill();
        program = start(store, receiver);
      }
    }
    const expected = await historiesIn(store);
    const ids = () => new Set(receiver.taken.map(({ event }) => event.id));
    await until(() => ids().size >= Object.values(expected).flat().length, 'all told', 60_000);
    const first = new Map(receiver.requests.map(({ event, body }) => [event.id, body]));
    expect(receiver.requests.every(({ event, body }) => first.get(event.id) === body)).toBe(true);
    expect(receiver.requests.length).toBeGreaterThan(ids().size);
    const once = receiver.taken.filter(
      ({ event }, index, all) => all.findIndex((other) => other.event.id === event.id) === index,
    );
    expect(historiesOf(once.map(({ event }) => event))).toEqual(expected);
    // A tag does not go on before its event is taken: repeats of one come before anything newer.
    const requested = historiesOf(receiver.requests.map(({ event }) => event));
    for (const revisions of Object.values(requested))
      expect(revisions).toEqual(revisions.toSorted((a, b) => a - b));
  }, 90_000);

  it('are not told again after a restart, and tell what went on meanwhile', async () => {
    const store = await storeWith('a', 'b');
    await moveTag(store, 'a', 't', 1);
    await moveTag(store, 'a', 'u', 1);
    await moveTag(store, 'b', 't', 1);
    const receiver = await receive();
    const first = start(store, receiver);
    await until(
      () => receiver.taken.length === 3 && first.publisher.oldestPendingMs() === undefined,
      'three events',
    );
    await first.kill();
    await moveTag(store, 'a', 't', 2);
    await changeStatus(store, 'a', (status) => removeTag(status, 'u'));
    await store.delete(imageStreams, { namespace: 'team', name: 'b' }, {}, never);
    await createStream(store, 'b');
    await moveTag(store, 'b', 't', 5);
    const second = start(store, receiver);
    await until(
      () => second.publisher.oldestPendingMs() === undefined && receiver.taken.length >= 7,
      'all told',
    );
    const later = receiver.taken.slice(3).map(({ event }) => `${event.type} ${event.stream}:${event.tag}`);
    expect(later.filter((line) => line.includes('a:'))).toEqual(['TagMoved a:t', 'TagDeleted a:u']);
    expect(later.filter((line) => line.includes('b:'))).toEqual(['TagDeleted b:t', 'TagCreated b:t']);
    // The cursor of the stream that is gone went with it.
    expect((await store.list(changeCursors, {}, never)).items).toHaveLength(2);
  });

  it('of a receiver that is dead are in nobody else’s way', async () => {
    const store = await storeWith('a');
    const [dead, alive] = [await receive((_received, response) => void response.destroy()), await receive()];
    const waiting = start(store, dead, 'cloudevents-other');
    start(store, alive);
    for (let move = 1; move <= 20; move += 1) await moveTag(store, 'a', 't', move);
    await until(() => alive.taken.length === 20, 'all told');
    expect(dead.taken).toEqual([]);
    expect(waiting.told.at(-1)).toMatchObject({ type: 'up', isUp: false });
    dead.answer = (_received, response) => void response.writeHead(204).end();
    await until(() => dead.taken.length === 20, 'all told there, too');
    expect(told(dead)).toEqual(told(alive));
  });

  it('that are refused are parked after some tries; their tag goes on, others never wait', async () => {
    const store = await storeWith('a');
    await moveTag(store, 'a', 'bad', 1);
    await moveTag(store, 'a', 'good', 1);
    const receiver = await receive(
      ({ event }, response) =>
        void response.writeHead(event.tag === 'bad' && event.revision === 1 ? 422 : 204).end(),
    );
    const { told: metrics } = start(store, receiver);
    await until(() => receiver.taken.length === 1, 'the good tag');
    await moveTag(store, 'a', 'bad', 2);
    await until(() => receiver.taken.length === 2, 'the bad tag goes on');
    expect(told(receiver)).toEqual(['TagCreated good 1', 'TagMoved bad 2']);
    expect(receiver.requests.filter(({ event }) => event.tag === 'bad')).toHaveLength(maxRefusals + 1);
    expect(metrics).toContainEqual({ type: 'parked', sink: 'cloudevents', reason: 'TagCreated' });
    expect(await parkedIn(store)).toMatchObject([{ tag: 'bad', revision: 1, problem: 'HTTP 422' }]);
  });

  it('that are parked are sent again when somebody wants it, and stay parked when they are refused again', async () => {
    const store = await storeWith('a');
    await moveTag(store, 'a', 't', 1);
    const receiver = await receive((_received, response) => void response.writeHead(400).end());
    start(store, receiver);
    await until(async () => (await parkedIn(store)).length === 1, 'it is parked');
    const resume = async (): Promise<void> => {
      const [cursor] = (await store.list(changeCursors, {}, never)).items;
      if (cursor === undefined) throw new Error('there is no cursor');
      const sinks = (cursor.sinks ?? []).map((sink) => ({
        ...sink,
        parked: (sink.parked ?? []).map((each) => ({ ...each, resume: true })),
      }));
      await store.update(changeCursors, { ...cursor, sinks }, {}, never);
    };
    const before = receiver.requests.length;
    await resume();
    await until(() => receiver.requests.length === before + 1, 'it is tried again');
    await until(async () => (await parkedIn(store))[0]?.resume === undefined, 'it stays parked');
    receiver.answer = (_received, response) => void response.writeHead(202).end();
    await resume();
    await until(async () => (await parkedIn(store)).length === 0, 'it is parked no more');
    expect(told(receiver)).toEqual(['TagCreated t 1']);
    await moveTag(store, 'a', 't', 2);
    await until(() => receiver.taken.length === 2, 'the tag goes on');
  });

  it('say which revisions are missing when the receiver was down for longer than the history', async () => {
    const store = await storeWith('a');
    await moveTag(store, 'a', 't', 1);
    const receiver = await receive();
    const first = start(store, receiver);
    await until(
      () => receiver.taken.length === 1 && first.publisher.oldestPendingMs() === undefined,
      'one event',
    );
    await first.kill();
    for (let move = 2; move <= 9; move += 1) await moveTag(store, 'a', 't', move);
    await changeStatus(store, 'a', (status) => ({
      ...status,
      tags: (status.tags ?? []).map((list) => ({ ...list, items: (list.items ?? []).slice(0, 2) })),
    }));
    start(store, receiver);
    await until(() => receiver.taken.length === 4, 'a gap and two moves');
    expect(told(receiver)).toEqual(['TagCreated t 1', 'Gap t 7', 'TagMoved t 8', 'TagMoved t 9']);
    expect(receiver.taken[1]?.event).toMatchObject({ missedFrom: 2, revision: 7 });
  });
});
