import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ChangeCursor } from '../../../src/api/change-cursor.ts';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Stored } from '../../../src/api/meta.ts';
import { nextSlot } from '../../../src/importer/index.ts';
import { anImage, type FakeRegistry, startFakeRegistry } from '../../fakes/registry/index.ts';
import { hasRedis } from '../../setup/redis.ts';
import { eventually, type Serve, startServe } from '../serve.ts';
import { changesAfter } from './change-log.ts';
import { createStream, path } from './create-stream.ts';
import { eventName, idOf, readSinks, type Sinks, startSinks } from './sinks.ts';

const patientMs = 180_000;
const tags = Array.from({ length: 50 }, (_, index) => `t${index}`);
/** The first stream has slots while the test runs; the others' lie hours apart. */
const streams = Array.from({ length: 20 }, (_, index) => ({
  name: `s${index}`,
  interval: index === 0 ? '10s' : `${300 + index}m`,
  intervalMs: index === 0 ? 10_000 : (300 + index) * 60_000,
}));
const movedTags = tags.slice(0, 5);

type Asked = { readonly atMs: number; readonly method: string; readonly tag: string };
type Listing = {
  readonly items: readonly Stored<ImageStream>[];
  readonly metadata: { readonly resourceVersion: string };
};

describe.skipIf(!hasRedis)('a restart with 1,000 scheduled tags', () => {
  let registry: FakeRegistry;
  let sinks: Sinks;
  const asked: Asked[] = [];
  const servers: Serve[] = [];
  beforeAll(async () => {
    [registry, sinks] = await Promise.all([startFakeRegistry(), startSinks()]);
    registry.intercept(({ method, url }) => {
      asked.push({ atMs: Date.now(), method, tag: url.pathname.slice('/v2/'.length) });
      return undefined;
    });
  });
  afterAll(async () => {
    await servers.at(-1)?.remove();
    await sinks?.stop();
    await registry?.stop();
  });

  const start = async (dataDir?: string): Promise<Serve> => {
    const serve = await startServe({ args: sinks.args, ...(dataDir === undefined ? {} : { dataDir }) });
    servers.push(serve);
    return serve;
  };
  const list = async (serve: Serve) => (await serve.api('GET', path)).body as Listing;
  // A repository for each stream: nothing is shared, so that every tag has its own slot.
  const source = (stream: string, tag: string): string => `team/${stream}/manifests/${tag}`;
  const create = async (serve: Serve): Promise<void> => {
    for (const { name, interval } of streams)
      await createStream(serve, registry.host, { name, tags, interval });
  };
  /** Slots of a tag within a time, the ends included. */
  const slotsOf = (stream: (typeof streams)[number], tag: string, fromMs: number, toMs: number) => {
    const reference = `${registry.host}/team/${stream.name}:${tag}`;
    const { intervalMs } = stream;
    const first = nextSlot(
      { reference, importMode: 'Legacy', credentialClass: '[]', intervalMs },
      fromMs - 1,
    );
    return { first, count: first > toMs ? 0 : Math.floor((toMs - first) / intervalMs) + 1 };
  };
  const sorted = (ids: readonly string[]): readonly string[] => ids.toSorted();

  it('asks for no tag before its slot, tells no sink twice, and writes only what moved', async () => {
    for (const { name } of streams)
      for (const tag of tags) registry.add(`team/${name}`, anImage({ name: 'one' }), tag);
    const first = await start();
    await create(first);
    const isImported = ({ items }: Listing): boolean =>
      items.flatMap(({ status }) => status?.tags ?? []).filter((tag) => tag.items?.length).length === 1000;
    const { items } = await eventually(() => list(first), isImported, 'the imports', patientMs);
    const uids = new Map(items.map(({ metadata }) => [metadata.name, metadata.uid]));
    const created = streams.flatMap(({ name }) =>
      tags.map((tag) => ({ stream: name, id: idOf(uids.get(name) ?? '', tag, 1) })),
    );
    const told = async (serve: Serve, feed: readonly string[] = []) => readSinks(sinks, serve, feed);
    const createdIds = sorted(created.map(({ id }) => id));
    const hasAll = ({ redis, cloudEvents, kubernetes }: Awaited<ReturnType<typeof told>>): boolean =>
      [redis, cloudEvents, kubernetes].every(({ length }) => length === created.length);
    const before = await eventually(() => told(first), hasAll, 'every sink told', patientMs);
    expect(sorted(before.redis)).toEqual(createdIds);
    expect(sorted(before.cloudEvents)).toEqual(createdIds);
    // The cursor of an event is written after it was answered.
    const toldCursors = async (): Promise<number> => {
      const { body } = await first.api('GET', '/apis/imagestreams.dev/v1/namespaces/default/changecursors');
      const cursors = (body as { readonly items: readonly ChangeCursor[] }).items;
      return cursors.flatMap(({ sinks: told = [] }) => told.flatMap(({ tags: own = {} }) => Object.keys(own)))
        .length;
    };
    await eventually(toldCursors, (count) => count === created.length, 'the cursors', patientMs);
    const old = await list(first);
    expect(await first.stop('SIGKILL')).toBe('SIGKILL');

    const second = anImage({ name: 'two' });
    for (const tag of movedTags) registry.add('team/s0', second, tag);
    asked.length = 0;
    const startedMs = Date.now();
    const again = await start(first.dataDir);
    const feed = await sinks.followFeed(again);
    const moved = movedTags.map((tag) => ({ stream: 's0', id: idOf(uids.get('s0') ?? '', tag, 2) }));
    const all = [...created, ...moved];
    const wasAsked = (): boolean =>
      tags.every((tag) => asked.some((one) => one.tag === source('s0', tag) && one.method === 'HEAD'));
    await eventually(async () => wasAsked(), Boolean, 'a slot of each tag of the first stream', patientMs);
    const isTold = async (): Promise<boolean> => {
      const { redis, cloudEvents, kubernetes } = await told(again);
      return [redis, cloudEvents, kubernetes].every(({ length }) => length >= all.length);
    };
    await eventually(isTold, Boolean, 'every sink told of the moves', patientMs);
    await eventually(
      async () => feed.ids().length,
      (count) => count >= all.length,
      'the feed',
      patientMs,
    );

    const now = await list(again);
    const after = await told(again, feed.ids());
    feed.leave();
    expect(await again.stop()).toBe(0);
    const endedMs = Date.now();
    const ids = sorted(all.map(({ id }) => id));
    expect(sorted(after.redis)).toEqual(ids);
    expect(sorted(after.cloudEvents)).toEqual(ids);
    expect(sorted(after.feed)).toEqual(ids);
    expect(after.kubernetes).toEqual(sorted(all.map(({ id, stream }) => eventName(stream, id))));

    for (const stream of streams) {
      for (const tag of tags) {
        const requests = asked.filter((one) => one.tag === source(stream.name, tag));
        const heads = requests.filter(({ method }) => method === 'HEAD');
        const { first: slot, count } = slotsOf(stream, tag, startedMs, endedMs);
        for (const { atMs } of requests) expect(atMs).toBeGreaterThanOrEqual(slot);
        expect(heads.length).toBeLessThanOrEqual(count);
        if (stream.name !== 's0' || !movedTags.includes(tag)) expect(requests).toEqual(heads);
      }
    }
    const stay = (one: Listing) => one.items.filter(({ metadata }) => metadata.name !== 's0');
    expect(stay(now)).toEqual(stay(old));
    const changes = changesAfter(again.dataDir, Number(old.metadata.resourceVersion));
    const about = changes.filter(({ what }) => !what.startsWith('create events '));
    expect(new Set(about.map(({ what }) => what))).toEqual(
      new Set([
        `create images.image.openshift.io ${second.manifest.digest}`,
        'update imagestreams.image.openshift.io default/s0',
        `update changecursors.imagestreams.dev default/${uids.get('s0')}`,
      ]),
    );
    expect(changes.length - about.length).toBe(moved.length);
  }, 600_000);
});
