import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { aStream, testStore } from '../../test/contract/store.ts';
import { createManualClock } from '../../test/fakes/clock.ts';
import { namespaces, secrets } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { imageStreams } from '../api/resources.ts';
import { systemClock } from '../lib/clock.ts';
import {
  type EmbeddedStore,
  type EmbeddedStoreOptions,
  openEmbeddedStore,
  parseLabelSelector,
  type WatchEvent,
} from './index.ts';

testStore(
  'the embedded driver',
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'store-'));
    const store = openEmbeddedStore({ file: join(directory, 'store.db'), clock: systemClock });
    return {
      store,
      compact: (revision) => store.compact(revision, AbortSignal.timeout(10_000)),
      close: async () => {
        await store.close();
        rmSync(directory, { recursive: true });
      },
    };
  },
  {
    createKeepsStatus: true,
    takesAnyName: true,
    compacts: true,
    isOnlyWriter: true,
    watchesAsAsked: true,
  },
);

describe('openEmbeddedStore', () => {
  let directory: string;
  let file: string;
  const opened: EmbeddedStore[] = [];
  const signal = AbortSignal.timeout(60_000);

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'store-'));
    file = join(directory, 'store.db');
  });
  afterEach(async () => {
    for (const store of opened.splice(0)) await store.close();
    rmSync(directory, { recursive: true });
  });

  const open = (options: Partial<EmbeddedStoreOptions> = {}): EmbeddedStore => {
    const store = openEmbeddedStore({ file, clock: systemClock, ...options });
    opened.push(store);
    return store;
  };
  const create = (store: EmbeddedStore, name: string, text = '') =>
    store.create(imageStreams, aStream(name, { metadata: { annotations: { text } } }), {}, signal);
  const collect = async (store: EmbeddedStore, fromRevision: string, count: number) => {
    const events: WatchEvent<ImageStream>[] = [];
    for await (const event of store.watch(imageStreams, { fromRevision, ...odd }, signal)) {
      events.push(event);
      if (events.length === count) break;
    }
    return events;
  };
  const odd = { labels: parseLabelSelector('odd!=no') };

  it('takes the time of creation from its clock', async () => {
    const store = open({ clock: createManualClock(Date.UTC(2026, 1, 3, 4, 5, 6, 789)) });
    const created = await create(store, 'app');
    expect(created.metadata.creationTimestamp).toBe('2026-02-03T04:05:06Z');
  });

  it('finds everything again, and tells a watch the same after a restart as before', async () => {
    const first = open();
    const writes = 1200;
    await Promise.all(
      Array.from({ length: writes }, (_, number) => create(first, `s${number}`, 'x'.repeat(number % 50))),
    );
    const s3 = await first.get(imageStreams, { namespace: 'shop', name: 's3' }, signal);
    if (s3 === undefined) throw new Error('s3 is missing');
    const labelled = { ...s3, metadata: { ...s3.metadata, labels: { odd: 'no' } } };
    await first.update(imageStreams, labelled, {}, signal);
    await first.delete(imageStreams, { namespace: 'shop', name: 's4' }, {}, signal);
    await first.delete(imageStreams, { namespace: 'shop', name: 's3' }, {}, signal);
    const before = await first.list(imageStreams, {}, signal);
    const events = await collect(first, '1', writes + 2);
    await first.close();

    const second = open();
    expect(await second.list(imageStreams, {}, signal)).toEqual(before);
    expect(await collect(second, '1', writes + 2)).toEqual(events);
    expect(events.at(-2)).toMatchObject({ type: 'DELETED', object: { metadata: { name: 's3' } } });
    const next = await create(second, 'next');
    expect(Number(next.metadata.resourceVersion)).toBe(Number(before.resourceVersion) + 1);
  });

  it('uses no revision twice, also when the newest write was a delete that is compacted', async () => {
    const first = open();
    await create(first, 'app');
    await first.delete(imageStreams, { namespace: 'shop', name: 'app' }, {}, signal);
    const { resourceVersion } = await first.list(imageStreams, {}, signal);
    await first.compact(resourceVersion, signal);
    await first.close();
    const second = open();
    expect((await second.list(imageStreams, {}, signal)).resourceVersion).toBe(resourceVersion);
    const created = await create(second, 'app');
    expect(Number(created.metadata.resourceVersion)).toBe(Number(resourceVersion) + 1);
  });

  it('gives all watchers the same frozen object', async () => {
    const store = open();
    const { resourceVersion } = await store.list(imageStreams, {}, signal);
    const watching = Array.from({ length: 10 }, () => collect(store, resourceVersion, 1));
    const created = await create(store, 'app');
    for (const [event] of await Promise.all(watching))
      expect(event?.type === 'ADDED' && event.object).toBe(created);
    expect(Object.isFrozen(created) && Object.isFrozen(created.metadata.annotations)).toBe(true);
    const read = await store.get(imageStreams, { namespace: 'shop', name: 'app' }, signal);
    expect(Object.isFrozen(read?.metadata.annotations)).toBe(true);
  });

  it('keeps a slow watcher supplied from the log, until compaction overtakes it', async () => {
    const store = open();
    const { resourceVersion } = await store.list(imageStreams, {}, signal);
    const large = 'x'.repeat(1_000_000);
    const [patient, late] = [1, 2].map(() =>
      store.watch(imageStreams, { fromRevision: resourceVersion }, signal)[Symbol.asyncIterator](),
    );
    const firsts = [patient?.next(), late?.next()];
    for (let number = 0; number < 10; number += 1) await create(store, `s${number}`, large);
    await Promise.all(firsts);
    const names: string[] = [];
    for (let number = 1; number < 10; number += 1) {
      const { value } = (await patient?.next()) ?? {};
      names.push(value?.type === 'ADDED' ? value.object.metadata.name : '');
    }
    expect(names).toEqual(['s1', 's2', 's3', 's4', 's5', 's6', 's7', 's8', 's9']);
    await store.compact((await store.list(imageStreams, { limit: 1 }, signal)).resourceVersion, signal);
    await expect(late?.next()).rejects.toMatchObject({ code: 'expired' });
  });

  it('reads the log once for all watchers that are behind, wherever they were', async () => {
    const store = open();
    const { resourceVersion } = await store.list(imageStreams, {}, signal);
    const large = 'x'.repeat(1_000_000);
    for (let number = 0; number < 10; number += 1) await create(store, `large${number}`, large);
    const small = await Promise.all(Array.from({ length: 600 }, (_, number) => create(store, `s${number}`)));
    for (let number = 0; number < 10; number += 1) await create(store, `more${number}`, large);
    const revisions = [resourceVersion, small[10]?.metadata.resourceVersion ?? ''];
    const [first, second] = await Promise.all([
      collect(store, revisions[0] ?? '', 600),
      collect(store, revisions[1] ?? '', 580),
    ]);
    const find = (events: typeof first, name: string) =>
      events?.find((event) => event.type === 'ADDED' && event.object.metadata.name === name);
    const [one, other] = [find(first, 's400'), find(second, 's400')];
    expect(one?.type === 'ADDED' && other?.type === 'ADDED' && other.object === one.object).toBe(true);
  });

  it('compacts neither what is compacted nor what is to come', async () => {
    const store = open();
    const created = await create(store, 'app');
    await store.compact(created.metadata.resourceVersion, signal);
    await expect(store.compact('1', signal)).rejects.toMatchObject({ code: 'expired' });
    await expect(store.compact('99', signal)).rejects.toMatchObject({ code: 'future-revision' });
  });

  it('sends bookmarks at their interval, between changes too, and never ahead of one', async () => {
    const clock = createManualClock();
    const store = open({ clock });
    const { resourceVersion: fromRevision } = await store.list(imageStreams, {}, signal);
    const stop = new AbortController();
    const told: string[] = [];
    const watching = (async () => {
      const options = { fromRevision, bookmarkIntervalMs: 1000, ...odd };
      for await (const event of store.watch(imageStreams, options, stop.signal))
        told.push(
          event.type === 'BOOKMARK'
            ? `at ${event.resourceVersion}`
            : `${event.type} ${event.object.metadata.name}`,
        );
    })();
    await clock.advance(999);
    expect(told).toEqual([]);
    await clock.advance(1);
    expect(told).toEqual(['at 1']);
    const unmatched = aStream('hidden', { metadata: { labels: { odd: 'no' } } });
    await store.create(imageStreams, unmatched, {}, signal);
    await create(store, 'shown');
    await clock.advance(2500);
    expect(told).toEqual(['at 1', 'ADDED shown', 'at 3', 'at 3']);
    expect(clock.sleeping()).toBe(1);
    stop.abort();
    await watching;
    expect(clock.sleeping()).toBe(0);
  });

  it('shows nobody a write before its writer hears that it stands on the disk', async () => {
    const store = open();
    const key = { namespace: 'shop', name: 'app' };
    const before = await create(store, 'app', 'before');
    const changed = { ...before, metadata: { ...before.metadata, annotations: { text: 'after' } } };
    let looked = 0;
    /** Looks, for as long as the write is under way, at what others see. */
    const others = async (write: Promise<unknown>, expected: ImageStream): Promise<void> => {
      let isDone = false;
      const done = write.then(() => {
        isDone = true;
      });
      for (; !isDone; await nextTurn()) {
        const [object, { items, resourceVersion }] = await Promise.all([
          store.get(imageStreams, key, signal),
          store.list(imageStreams, {}, signal),
        ]);
        if (isDone) break;
        looked += 1;
        expect([object, items, resourceVersion]).toEqual([
          expected,
          [expected],
          expected.metadata.resourceVersion,
        ]);
      }
      await done;
    };
    await others(store.update(imageStreams, changed, {}, signal), before);
    const after = await store.get(imageStreams, key, signal);
    expect(after?.metadata.annotations).toEqual({ text: 'after' });
    if (after !== undefined) await others(store.delete(imageStreams, key, {}, signal), after);
    expect(await store.get(imageStreams, key, signal)).toBe(undefined);
    expect(looked).toBeGreaterThan(2);
  });

  it('ends watches when it has told of the last write and closes, and takes nothing afterwards', async () => {
    const store = open();
    const { resourceVersion } = await store.list(imageStreams, {}, signal);
    const watching = collect(store, resourceVersion, 2);
    const accepted = create(store, 'app');
    await store.close();
    expect((await accepted).metadata.name).toBe('app');
    expect(await watching).toEqual([{ type: 'ADDED', object: await accepted }]);
    await store.close();
    const unavailable = { code: 'unavailable', message: `${file}: the store is closed` };
    await expect(create(store, 'late')).rejects.toMatchObject(unavailable);
    await expect(store.list(imageStreams, {}, signal)).rejects.toMatchObject(unavailable);
    const reopened = open();
    expect((await reopened.list(imageStreams, {}, signal)).items).toHaveLength(1);
  });

  it('leaves out a write whose signal is aborted before its turn', async () => {
    const store = open();
    const stop = new AbortController();
    const reason = new Error('enough');
    const dropped = store.create(imageStreams, aStream('dropped'), {}, stop.signal);
    const kept = create(store, 'kept');
    stop.abort(reason);
    await expect(dropped).rejects.toBe(reason);
    await kept;
    expect((await store.list(imageStreams, {}, signal)).items).toEqual([await kept]);
  });

  it('refuses objects in the wrong scope, and a status where there is none', async () => {
    const store = open();
    const nowhere = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'a' } };
    const somewhere = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'a', namespace: 'b' } };
    const invalid = { code: 'invalid' };
    await expect(store.create(secrets, nowhere, {}, signal)).rejects.toMatchObject(invalid);
    await expect(store.create(namespaces, somewhere, {}, signal)).rejects.toMatchObject(invalid);
    const secret = { ...nowhere, metadata: { name: 'a', namespace: 'shop' } };
    const created = await store.create(secrets, secret, {}, signal);
    await expect(store.updateStatus(secrets, created, {}, signal)).rejects.toMatchObject(invalid);
  });
});
