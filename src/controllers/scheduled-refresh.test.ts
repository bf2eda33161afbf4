import { afterEach, describe, expect, it } from 'vitest';
import { eventually, settle } from '../../test/fakes/clock.ts';
import {
  aPullSecret,
  aStream,
  every,
  intervalMs,
  minuteMs,
  repository,
  scheduled,
  startControllers,
  stopAll,
} from '../../test/fakes/controllers.ts';
import { secrets } from '../api/core.ts';
import { imageStreams } from '../api/resources.ts';
import { RegistryError } from '../oci/errors.ts';

const never = new AbortController().signal;
afterEach(stopAll);

const place = (name: string): string => `quay.example/team/${name}`;

/** Streams with one scheduled tag each, all of sources of their own, that are imported. */
const withStreams = async (count: number, interval = '15m') => {
  const t = startControllers();
  const program = await t.start();
  const names = Array.from({ length: count }, (_, index) => `s${index}`);
  for (const name of names) t.push('v1', place(name));
  for (const name of names)
    await t.create(aStream(name, [scheduled('v1', `${place(name)}:v1`, every(interval))]));
  for (const name of names) await t.imported(name, 'v1');
  await settle(60);
  t.forget();
  const failures = async (): Promise<readonly (string | undefined)[]> =>
    Promise.all(names.map((name) => t.failureOf(name, 'v1')));
  return { ...t, names, failures, program };
};

describe('an outage', () => {
  it('of three intervals costs each source its slots and no more, and its end makes no burst', async () => {
    const t = await withStreams(60);
    t.registry.fail('HEAD', new RegistryError('unavailable', 'down'));
    await t.clock.advance(3 * intervalMs);
    expect(t.asked()).toHaveLength(3 * 60);
    expect(new Set(await t.failures())).toEqual(new Set(['ServiceUnavailable']));
    expect(t.statusWrites()).toHaveLength(60);
    for (const name of t.names) expect(await t.itemsOf(name, 'v1')).toHaveLength(1);
    t.registry.fail('HEAD', undefined);
    t.forget();
    let most = 0;
    for (let minute = 0; minute < 15; minute += 1) {
      const before = t.asked().length;
      await t.clock.advance(minuteMs);
      most = Math.max(most, t.asked().length - before);
    }
    expect(t.asked()).toHaveLength(60);
    expect(new Set(t.asked()).size).toBe(60);
    // 4 a minute on average.
    expect(most).toBeLessThan(14);
    expect(new Set(await t.failures())).toEqual(new Set([undefined]));
    expect(t.statusWrites()).toHaveLength(60);
  });

  it('is asked about at each slot where the interval is short, and every hour where it is long', async () => {
    const t = await withStreams(1, '1m');
    t.push('v1', place('slow'));
    await t.create(aStream('slow', [scheduled('v1', `${place('slow')}:v1`, every('1d'))]));
    await t.imported('slow', 'v1');
    t.registry.fail('HEAD', new RegistryError('unavailable', 'down'));
    await t.clock.advance(26 * 60 * minuteMs);
    t.forget();
    await t.clock.advance(4 * 60 * minuteMs);
    expect(t.asked('slow')).toHaveLength(4);
    expect(t.asked('s0')).toHaveLength(4 * 60);
  });

  it('of a source that five streams follow is one question per slot', async () => {
    const t = startControllers();
    await t.start();
    t.push('v1');
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await t.create(aStream(name, [scheduled('v1')]));
    for (const name of names) await t.imported(name, 'v1');
    t.registry.fail('HEAD', new RegistryError('timeout', 'slow'));
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toHaveLength(2);
    for (const name of names) expect(await t.failureOf(name, 'v1')).toBe('Timeout');
  });
});

describe('a refresh that is refused', () => {
  const secret = 'private.example/team/app';

  it('waits for its delay and then for its slot, and is asked at once when the secret changes', async () => {
    const t = startControllers();
    await t.start();
    t.push('v1', secret);
    await t.store.create(secrets, aPullSecret('private.example'), {}, never);
    await settle(40);
    await t.create(aStream('app', [scheduled('v1', `${secret}:v1`, every('1m'))]));
    await t.imported('app', 'v1');
    await t.store.delete(secrets, { namespace: 'team', name: 'pull' }, {}, never);
    await eventually(async () => {
      await t.clock.advance(minuteMs);
      return (await t.failureOf('app', 'v1')) === 'Unauthorized';
    });
    t.forget();
    await t.clock.advance(120 * minuteMs);
    expect(t.asked().length).toBeGreaterThanOrEqual(4);
    expect(t.asked().length).toBeLessThanOrEqual(8);
    t.forget();
    await t.store.create(secrets, aPullSecret('private.example'), {}, never);
    await settle(60);
    expect(await t.failureOf('app', 'v1')).toBeUndefined();
    expect(t.asked('HEAD')).toHaveLength(1);
  });
});

describe('an image that cannot be had', () => {
  it('is tried again ever more seldom, while its tag is asked about as ever, and the next one is taken at once', async () => {
    const t = startControllers();
    await t.start();
    t.push('v1');
    await t.create(aStream('app', [scheduled('v1', undefined, every('10s'))]));
    await t.imported('app', 'v1');
    await settle();
    t.push('v1');
    t.registry.fail('GET manifest', new RegistryError('unsupported-media-type', 'schema 1'));
    t.forget();
    await t.clock.advance(60 * minuteMs);
    expect(await t.failureOf('app', 'v1')).toBe('UnsupportedMediaType');
    expect(t.asked('GET manifest').length).toBeGreaterThanOrEqual(4);
    expect(t.asked('GET manifest').length).toBeLessThanOrEqual(8);
    expect(t.asked('HEAD').length).toBeGreaterThanOrEqual(360);
    expect(t.statusWrites()).toHaveLength(1);
    t.registry.fail('GET manifest', undefined);
    const { digest } = t.push('v1');
    await t.clock.advance(10_000);
    expect((await t.itemsOf('app', 'v1'))[0]?.image).toBe(digest);
    expect(await t.failureOf('app', 'v1')).toBeUndefined();
  });

  it('of one stream does not slow down the others that follow its source', async () => {
    const t = startControllers();
    await t.start();
    t.push('v1');
    for (const name of ['good', 'bad']) await t.create(aStream(name, [scheduled('v1')]));
    for (const name of ['good', 'bad']) await t.imported(name, 'v1');
    const { digest } = t.push('v1');
    t.store.intercept = (verb, resource, key) => {
      if (verb === 'updateStatus' && resource.startsWith('imagestreams') && key?.name === 'bad')
        throw new Error('the store is broken for this one');
    };
    await t.clock.advance(intervalMs);
    expect((await t.itemsOf('good', 'v1'))[0]?.image).toBe(digest);
    const next = t.push('v1');
    await t.clock.advance(intervalMs);
    expect((await t.itemsOf('good', 'v1'))[0]?.image).toBe(next.digest);
  });
});

describe('a digest', () => {
  it('that is scheduled, has its image and fails on request is tried again by itself: no slot would', async () => {
    const t = startControllers();
    await t.start();
    const { digest } = t.push('v1');
    await t.create(aStream('app', [scheduled('v1', `${repository}@${digest}`)]));
    await t.imported('app', 'v1');
    t.registry.fail('GET manifest', new RegistryError('unavailable', 'down'));
    t.registry.fail('HEAD', new RegistryError('unavailable', 'down'));
    const now = await t.get('app');
    const annotations = { 'imagestreams.dev/import-requested-at': '2026-01-01T01:00:00Z' };
    await t.store.update(imageStreams, { ...now, metadata: { ...now.metadata, annotations } }, {}, never);
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'ServiceUnavailable');
    t.registry.fail('GET manifest', undefined);
    t.registry.fail('HEAD', undefined);
    await t.clock.advance(minuteMs);
    expect(await t.failureOf('app', 'v1')).toBeUndefined();
  });
});

describe('under load', () => {
  it('what is overdue longest is asked first', async () => {
    const t = await withStreams(60);
    const release = t.registry.hold('HEAD');
    await t.clock.advance(intervalMs);
    const order = t.asked().map((call) => call);
    expect(order.length).toBeLessThan(60);
    const { registry, sources, due, longestMs } = t.program.controllers.schedules()[0] ?? {};
    expect({ registry, sources, due }).toEqual({ registry: 'quay.example', sources: 60, due: 60 });
    expect(longestMs).toBeGreaterThan(0);
    release();
    await settle(200);
    const late = t.asked();
    expect(late).toHaveLength(60);
    expect(t.program.controllers.schedules()[0]?.due).toBe(0);
    // The slots of the next interval come in the same order.
    t.forget();
    await t.clock.advance(intervalMs);
    expect(t.asked()).toEqual(late);
  });
});

describe('a clock that is set', () => {
  it('forward makes up for no slot that it jumped over, and backward loses none', async () => {
    const t = await withStreams(30);
    t.clock.jump(8 * 60 * minuteMs);
    await t.clock.advance(2 * minuteMs);
    expect(t.asked().length).toBeLessThan(12);
    await t.clock.advance(intervalMs);
    expect(new Set(t.asked()).size).toBe(30);
    t.forget();
    t.clock.jump(-24 * 60 * minuteMs);
    await t.clock.advance(intervalMs + 2 * minuteMs);
    expect(new Set(t.asked()).size).toBe(30);
    expect(t.asked().length).toBeLessThan(45);
  });
});

describe('the next refresh', () => {
  it('is told by tag, also after a failure, and of nothing that is not scheduled', async () => {
    const t = await withStreams(1);
    const { refreshAtMs } = t.program.controllers;
    const key = { namespace: 'team', name: 's0' };
    const atMs = refreshAtMs(key, 'v1') ?? 0;
    expect(atMs).toBeGreaterThan(t.clock.now());
    t.registry.fail('HEAD', new RegistryError('manifest-unknown', 'gone', { status: 404 }));
    await t.clock.advance(5 * intervalMs);
    const next = refreshAtMs(key, 'v1') ?? 0;
    expect((next - atMs) % intervalMs).toBe(0);
    expect(next).toBeGreaterThan(t.clock.now() + intervalMs);
    expect(refreshAtMs(key, 'v2')).toBeUndefined();
    const now = await t.get('s0');
    await t.store.update(imageStreams, { ...now, spec: { tags: [] } }, {}, never);
    await settle(60);
    expect(refreshAtMs(key, 'v1')).toBeUndefined();
    expect(t.asked(repository)).toEqual([]);
  });
});
