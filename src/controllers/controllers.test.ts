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
  startControllers as setUp,
  stopAll,
  tag,
} from '../../test/fakes/controllers.ts';
import type { MemoryStore } from '../../test/fakes/store.ts';
import { deployments, type Event, events, secrets } from '../api/core.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { imageStreams } from '../api/resources.ts';
import { findTag } from '../api/tag-history.ts';
import { eventTtlMs } from '../events/kubernetes.ts';
import { RegistryError } from '../oci/errors.ts';
import { StoreError } from '../store/errors.ts';

const never = new AbortController().signal;
afterEach(stopAll);

/** A Deployment that follows the tag `app:v1`; answers what its container runs. */
const deploy = async (store: MemoryStore) => {
  const triggers = [
    {
      from: { kind: 'ImageStreamTag', name: 'app:v1' },
      fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image',
    },
  ];
  const metadata = {
    namespace: 'team',
    name: 'web',
    annotations: { 'image.openshift.io/triggers': JSON.stringify(triggers) },
  };
  const spec = { template: { spec: { containers: [{ name: 'web', image: 'placeholder' }] } } };
  await store.create(deployments, { apiVersion: 'apps/v1', kind: 'Deployment', metadata, spec }, {}, never);
  const image = async () =>
    (await store.get(deployments, { namespace: 'team', name: 'web' }, never))?.spec?.template.spec
      ?.containers[0]?.image;
  return image;
};

describe('an image stream', () => {
  it('is imported when it is created: images, history, conditions, one status write, no spec write', async () => {
    const t = setUp();
    const { digest } = t.push('v1');
    await t.start();
    const created = await t.create(aStream('app', [tag('v1')]));
    await t.imported('app', 'v1');
    await settle();
    const stream = await t.get('app');
    expect(findTag(stream.status, 'v1')?.items).toMatchObject([
      { image: digest, sourceDigest: digest, revision: 1, cause: { type: 'Spec' } },
    ]);
    expect(stream.status?.conditions?.map(({ type, status }) => `${type} ${status}`)).toEqual([
      'Fresh True',
      'Ready True',
    ]);
    expect(stream.spec).toEqual(created.spec);
    expect(t.statusWrites()).toHaveLength(1);
    expect(t.store.writes.filter(({ verb }) => verb === 'update' || verb === 'replace')).toEqual([]);
  });

  it('keeps what it fetched when somebody else writes meanwhile', async () => {
    const t = setUp();
    t.push('v1');
    const release = t.registry.hold('GET manifest');
    await t.start();
    await t.create(aStream('app', [tag('v1')]));
    await eventually(() => t.asked('GET manifest').length === 1);
    const now = await t.get('app');
    const labelled = { ...now, metadata: { ...now.metadata, labels: { team: 'a' } } };
    await t.store.update(imageStreams, labelled, {}, never);
    release();
    await t.imported('app', 'v1');
    await settle(60);
    expect(t.asked('GET manifest')).toHaveLength(1);
    expect((await t.get('app')).metadata.labels).toEqual({ team: 'a' });
  });

  it('has one tag fail without the others', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [tag('v1'), tag('missing')]));
    await t.imported('app', 'v1');
    expect(await t.failureOf('app', 'missing')).toBe('NotFound');
  });

  it('fails only the tag whose image the store refuses, and does not fetch it again and again', async () => {
    const t = setUp();
    const { digest } = t.push('bad');
    t.push('good');
    t.store.intercept = (verb, resource, key) => {
      if (verb === 'create' && resource.startsWith('images.') && key?.name === digest)
        throw new StoreError('too-large', 'the image is too large');
    };
    await t.start();
    await t.create(aStream('app', [tag('bad'), tag('good')]));
    await t.imported('app', 'good');
    expect(await t.failureOf('app', 'bad')).toBeDefined();
    t.forget();
    await t.clock.advance(120 * minuteMs);
    expect(t.asked()).toEqual([]);
  });
});

describe('a scheduled tag', () => {
  it('costs one HEAD and no write while it stands still', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await settle();
    t.forget();
    await t.clock.advance(4 * intervalMs);
    expect(t.asked()).toEqual(Array.from({ length: 4 }, () => `HEAD manifest ${repository}:v1`));
    expect(t.store.writes).toEqual([]);
  });

  it('with an interval that cannot be kept says so once, and is refreshed all the same', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    const tag = { ...scheduled('v1'), annotations: { 'imagestreams.dev/refresh-interval': 'often' } };
    await t.create(aStream('app', [tag]));
    await t.imported('app', 'v1');
    await settle();
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toHaveLength(2);
    const warnings = (await t.storedEvents()).filter(({ reason }) => reason === 'RefreshInterval');
    expect(warnings).toMatchObject([
      { type: 'Warning', message: expect.stringContaining('"often" is no duration') },
    ]);
  });

  it('that moves gets another entry, with the cause Schedule, by one HEAD and one GET', async () => {
    const t = setUp();
    const first = t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await settle();
    const second = t.push('v1');
    t.forget();
    await t.clock.advance(intervalMs);
    expect(await t.itemsOf('app', 'v1')).toMatchObject([
      { image: second.digest, revision: 2, cause: { type: 'Schedule' } },
      { image: first.digest, revision: 1 },
    ]);
    expect(t.asked('HEAD')).toHaveLength(1);
    expect(t.asked('GET manifest')).toHaveLength(1);
    expect(t.statusWrites()).toHaveLength(1);
  });

  it('of five streams on one source is one HEAD, and one GET when it moves', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    const names = ['a', 'b', 'c', 'd', 'e'];
    for (const name of names) await t.create(aStream(name, [scheduled('v1')]));
    for (const name of names) await t.imported(name, 'v1');
    await settle();
    const { digest } = t.push('v1');
    t.forget();
    await t.clock.advance(intervalMs);
    for (const name of names) expect((await t.itemsOf(name, 'v1'))[0]?.image).toBe(digest);
    expect(t.asked('HEAD')).toHaveLength(1);
    expect(t.asked('GET manifest')).toHaveLength(1);
  });

  it('is no longer asked about when it is no longer scheduled', async () => {
    const t = setUp();
    t.push('v1');
    const { controllers } = await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await settle();
    expect(controllers.scheduledTags()).toBe(1);
    const now = await t.get('app');
    await t.store.update(
      imageStreams,
      { ...now, spec: { tags: [tag('v1', undefined, { annotations: {} })] } },
      {},
      never,
    );
    await settle(60);
    expect(controllers.scheduledTags()).toBe(0);
    t.forget();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toEqual([]);
  });

  it('has a Deployment follow when it moves', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    const image = await deploy(t.store);
    await t.imported('app', 'v1');
    await eventually(async () => (await image()) !== 'placeholder');
    const { digest } = t.push('v1');
    await t.clock.advance(intervalMs);
    expect(await image()).toBe(`${repository}@${digest}`);
  });
});

describe('a tag that was rolled back', () => {
  /** A scheduled tag that moved from `first` to `second`, a Deployment that follows it, and a way to ask for rollbacks. */
  const rolledBack = async () => {
    const t = setUp();
    const { digest: first } = t.push('v1');
    const program = await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    const image = await deploy(t.store);
    const { digest: second } = t.push('v1');
    await t.clock.advance(intervalMs);
    expect(await image()).toBe(`${repository}@${second}`);
    const ask = async (requests: object | undefined) => {
      const stream = await t.get('app');
      const annotations: Record<string, string> =
        requests === undefined ? {} : { 'imagestreams.dev/rollbacks': JSON.stringify(requests) };
      await t.store.update(
        imageStreams,
        { ...stream, metadata: { ...stream.metadata, annotations } },
        {},
        never,
      );
      await settle(60);
    };
    await ask({ v1: { revision: 1, image: first, at: 'noon', by: 'alice' } });
    const images = async () => (await t.itemsOf('app', 'v1')).map(({ image: digest }) => digest);
    return { ...t, program, image, ask, images, first, second };
  };

  it('is asked by HEAD alone and stays, through refreshes and a restart; the Deployment runs the old image', async () => {
    const t = await rolledBack();
    expect(await t.images()).toEqual([t.first, t.second, t.first]);
    expect(await t.image()).toBe(`${repository}@${t.first}`);
    t.told.length = 0;
    expect(t.published.at(-1)).toMatchObject({ type: 'TagMoved', cause: { type: 'Rollback', by: 'alice' } });
    t.forget();
    await t.clock.advance(2 * intervalMs);
    await t.program.stop();
    await t.start();
    await t.clock.advance(2 * intervalMs);
    expect(t.asked()).toHaveLength(4);
    expect(t.asked('HEAD')).toHaveLength(4);
    expect(t.told).toMatchObject(
      Array.from({ length: 4 }, () => ({ type: 'refresh', outcome: 'unchanged' })),
    );
    expect(t.store.writes).toEqual([]);
    expect(await t.image()).toBe(`${repository}@${t.first}`);
  });

  it('goes on with the next image that is new, and so does the Deployment', async () => {
    const t = await rolledBack();
    const { digest } = t.push('v1');
    await t.clock.advance(intervalMs);
    expect(await t.images()).toEqual([digest, t.first, t.second, t.first]);
    expect(await t.image()).toBe(`${repository}@${digest}`);
  });

  it('follows its source again at once when it is held no more', async () => {
    const t = await rolledBack();
    await t.ask(undefined);
    expect(await t.images()).toEqual([t.second, t.first, t.second, t.first]);
    expect((await t.itemsOf('app', 'v1'))[0]?.cause).toEqual({ type: 'Request' });
    expect(await t.image()).toBe(`${repository}@${t.second}`);
    expect(findTag((await t.get('app')).status, 'v1')?.rollback).toBeUndefined();
  });

  it('tells of failures and recoveries as any other', async () => {
    const t = await rolledBack();
    t.registry.fail('HEAD', new RegistryError('unavailable', 'HEAD: 503', { status: 503 }));
    await t.clock.advance(intervalMs);
    expect(await t.failureOf('app', 'v1')).toBe('ServiceUnavailable');
    t.registry.fail('HEAD', undefined);
    await t.clock.advance(intervalMs);
    expect(await t.failureOf('app', 'v1')).toBeUndefined();
    expect(await t.images()).toEqual([t.first, t.second, t.first]);
  });
});

describe('invariant 2: a restart', () => {
  it('asks no registry and writes nothing before the slots of 1,000 scheduled tags; then each once', async () => {
    const t = setUp();
    const names = Array.from({ length: 200 }, (_, index) => `s${index}`);
    for (const name of names) {
      for (const one of ['a', 'b', 'c', 'd', 'e']) t.push(one, `quay.example/team/${name}`);
    }
    const first = await t.start();
    for (const name of names) {
      const tags = ['a', 'b', 'c', 'd', 'e'].map((one) => scheduled(one, `quay.example/team/${name}:${one}`));
      await t.create(aStream(name, tags));
    }
    for (const name of names) await t.imported(name, 'a', 'b', 'c', 'd', 'e');
    await settle(60);
    await first.stop();
    t.forget();
    const { controllers } = await t.start();
    await settle(200);
    expect(controllers.scheduledTags()).toBe(1_000);
    expect(t.asked()).toEqual([]);
    expect(t.store.writes).toEqual([]);
    await t.clock.advance(intervalMs);
    expect(t.asked()).toHaveLength(1_000);
    expect(new Set(t.asked()).size).toBe(1_000);
    expect(t.asked('GET')).toEqual([]);
    expect(t.store.writes).toEqual([]);
  });

  it('finds the slots where they were', async () => {
    const t = setUp();
    t.push('v1');
    const first = await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    t.forget();
    const timeOfNext = async (): Promise<number> => {
      const before = t.asked().length;
      while (t.asked().length === before) await t.clock.advance(1_000);
      return Math.floor((t.clock.now() % intervalMs) / 1_000);
    };
    const slot = await timeOfNext();
    await first.stop();
    await t.start();
    expect(await timeOfNext()).toBe(slot);
  });

  it('is no reason to try a failed tag before its back-off slot', async () => {
    const t = setUp();
    const first = await t.start();
    await t.create(aStream('app', [tag('missing')]));
    await eventually(async () => (await t.failureOf('app', 'missing')) === 'NotFound');
    await first.stop();
    for (let round = 0; round < 5; round += 1) {
      t.forget();
      const again = await t.start();
      await settle(60);
      expect(t.asked()).toEqual([]);
      expect(t.store.writes).toEqual([]);
      await again.stop();
    }
    await t.start();
    t.push('missing');
    await t.clock.advance(61 * minuteMs);
    await t.imported('app', 'missing');
  });

  it('has a failed tag wait for no longer than its back-off has come to', async () => {
    const t = setUp();
    const first = await t.start();
    await t.create(aStream('app', [tag('missing')]));
    await eventually(async () => (await t.failureOf('app', 'missing')) === 'NotFound');
    await t.clock.advance(30_000);
    await first.stop();
    t.push('missing');
    await t.start();
    await t.clock.advance(minuteMs);
    await t.imported('app', 'missing');
  });

  it('has a tag that failed for long wait as long as before', async () => {
    const t = setUp();
    const first = await t.start();
    await t.create(aStream('app', [tag('missing')]));
    await eventually(async () => (await t.failureOf('app', 'missing')) === 'NotFound');
    await t.clock.advance(10 * 60 * minuteMs);
    await first.stop();
    t.forget();
    await t.start();
    await t.clock.advance(24 * 60 * minuteMs);
    // Once an hour, as without a restart, or a little more often for the jitter.
    expect(t.asked().length).toBeGreaterThanOrEqual(24);
    expect(t.asked().length).toBeLessThanOrEqual(36);
  });
});

describe('invariant 3', () => {
  it('one malformed stream stalls only itself', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    const malformed = { ...aStream('malformed', []), spec: { tags: [{ name: 'x', from: 7 }] } };
    await t.create(malformed as unknown as ImageStream);
    const worse = { ...aStream('worse', []), spec: { tags: 'none' } };
    await t.create(worse as unknown as ImageStream);
    await t.create(aStream('app', [tag('v1')]));
    await t.imported('app', 'v1');
    t.push('v2');
    await t.create(aStream('later', [tag('v2')]));
    await t.imported('later', 'v2');
  });

  it('a registry that hangs does not keep the slots of another', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    const names = Array.from({ length: 100 }, (_, index) => `t${index}`);
    for (const name of names) t.push(name, 'slow.example/team/app');
    await t.create(
      aStream(
        'slow',
        names.map((name) => scheduled(name, `slow.example/team/app:${name}`, every('10s'))),
      ),
    );
    await t.imported('slow', ...names);
    await settle();
    t.registry.hold('HEAD manifest slow.example');
    t.forget();
    await t.clock.advance(intervalMs);
    expect(t.asked('quay.example')).toEqual([`HEAD manifest ${repository}:v1`]);
  });
});

describe('invariant 4', () => {
  const moves = (list: readonly Event[]) =>
    list
      .toSorted((a, b) => ((a.lastTimestamp ?? '') < (b.lastTimestamp ?? '') ? -1 : 1))
      .map(({ reason }) => reason);

  it('A→B→A is one event each, in order, in the feed and as Events', async () => {
    const t = setUp();
    const a = t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1', undefined, every('1m'))]));
    await t.imported('app', 'v1');
    const b = t.push('v1');
    await t.clock.advance(minuteMs);
    t.registry.tag(repository, 'v1', a.digest);
    await t.clock.advance(minuteMs);
    await t.clock.advance(5 * minuteMs);
    expect(t.published.map(({ type, revision, newDigest }) => [type, revision, newDigest])).toEqual([
      ['TagCreated', 1, a.digest],
      ['TagMoved', 2, b.digest],
      ['TagMoved', 3, a.digest],
    ]);
    expect(moves(await t.storedEvents())).toEqual(['TagCreated', 'TagMoved', 'TagMoved']);
  });

  it('nothing is told again after restarts, nor when an Event was written although the store said otherwise', async () => {
    const t = setUp();
    t.push('v1');
    const first = await t.start();
    const create = t.store.create.bind(t.store);
    let answers = 0;
    t.store.create = async (resource, object, options, signal) => {
      const stored = await create(resource, object, options, signal);
      if (resource.plural === 'events') answers += 1;
      if (answers === 1) throw new StoreError('unavailable', 'no answer');
      return stored;
    };
    await t.create(aStream('app', [tag('v1')]));
    await t.imported('app', 'v1');
    await t.clock.advance(minuteMs);
    expect(await t.storedEvents()).toHaveLength(1);
    await first.stop();
    t.forget();
    const second = await t.start();
    await second.stop();
    await t.clock.advance(2 * eventTtlMs);
    for (const { metadata } of await t.storedEvents())
      await t.store.delete(events, { namespace: metadata.namespace ?? '', name: metadata.name }, {}, never);
    t.store.writes.length = 0;
    await t.start();
    expect(await t.storedEvents()).toEqual([]);
    expect(t.store.writes).toEqual([]);
  });

  it('an Event that the store refuses for good does not hold up those after it', async () => {
    const t = setUp();
    t.push('v1');
    const refused = new Set<string>();
    t.store.intercept = (verb, resource, key) => {
      if (verb !== 'create' || resource !== 'events') return;
      if (refused.size === 0) refused.add(key?.name ?? '');
      if (refused.has(key?.name ?? '')) throw new StoreError('invalid', 'refused');
    };
    await t.start();
    await t.create(aStream('app', [scheduled('v1', undefined, every('1m'))]));
    await t.imported('app', 'v1');
    await eventually(() => refused.size === 1);
    t.push('v1');
    await t.clock.advance(minuteMs);
    expect(moves(await t.storedEvents())).toEqual(['TagMoved']);
  });

  it('tells that a stream went with its tags', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [tag('v1')]));
    await t.imported('app', 'v1');
    await settle();
    await t.remove('app');
    await settle(60);
    expect(t.published.map(({ type }) => type)).toEqual(['TagCreated', 'TagDeleted']);
  });
});

describe('invariant 7: bad credentials', () => {
  const place = 'private.example/team/app';

  it('are tried with growing delay, and at once when the secret comes', async () => {
    const t = setUp();
    t.push('v1', place);
    await t.start();
    await t.create(aStream('app', [tag('v1', `${place}:v1`)]));
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'Unauthorized');
    await settle();
    t.forget();
    const times: number[] = [];
    for (let minute = 1; minute <= 240; minute += 1) {
      const before = t.asked().length;
      await t.clock.advance(minuteMs);
      if (t.asked().length > before) times.push(minute);
    }
    expect(times.length).toBeGreaterThanOrEqual(5);
    expect(times.length).toBeLessThanOrEqual(11);
    expect(times[0]).toBeLessThanOrEqual(2);
    expect(t.statusWrites()).toEqual([]);
    t.forget();
    await t.store.create(secrets, aPullSecret('private.example'), {}, never);
    await t.imported('app', 'v1');
    expect(t.asked('GET manifest')).toHaveLength(1);
  });

  it('of a scheduled tag are not tried at every slot', async () => {
    const t = setUp();
    t.push('v1', place);
    await t.start();
    await t.create(aStream('app', [scheduled('v1', `${place}:v1`, every('10s'))]));
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'Unauthorized');
    await settle();
    t.forget();
    await t.clock.advance(60 * minuteMs);
    expect(t.asked().length).toBeGreaterThanOrEqual(3);
    expect(t.asked().length).toBeLessThanOrEqual(10);
    await t.store.create(secrets, aPullSecret('private.example'), {}, never);
    await t.imported('app', 'v1');
    const { digest } = t.push('v1', place);
    await t.clock.advance(10_000);
    expect((await t.itemsOf('app', 'v1'))[0]?.image).toBe(digest);
  });

  it('are tried at once also when the secret came while the try was under way', async () => {
    const t = setUp();
    t.push('v1', place);
    const release = t.registry.hold('GET manifest');
    await t.start();
    await t.create(aStream('app', [tag('v1', `${place}:v1`)]));
    await eventually(() => t.asked('GET manifest').length === 1);
    await t.store.create(secrets, aPullSecret('private.example'), {}, never);
    await settle(60);
    release();
    await t.imported('app', 'v1');
    expect(t.asked('GET manifest')).toHaveLength(2);
  });

  it('of one namespace are none of the business of another', async () => {
    const t = setUp();
    t.push('v1', place);
    await t.start();
    await t.create(aStream('app', [tag('v1', `${place}:v1`)]));
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'Unauthorized');
    await settle();
    t.forget();
    await t.store.create(secrets, aPullSecret('private.example', 'other'), {}, never);
    await settle(60);
    expect(t.asked()).toEqual([]);
  });
});

describe('a failure that may pass', () => {
  it('is tried again soon, but not before the registry said', async () => {
    const t = setUp();
    t.push('v1');
    t.registry.fail(
      'GET manifest',
      new RegistryError('rate-limited', 'slow down', { status: 429, retryAfterMs: 300_000 }),
    );
    await t.start();
    await t.create(aStream('app', [tag('v1')]));
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'TooManyRequests');
    t.registry.fail('GET manifest', undefined);
    t.forget();
    await t.clock.advance(299_000);
    expect(t.asked()).toEqual([]);
    await t.clock.advance(120_000);
    await t.imported('app', 'v1');
  });

  it('that somebody else mended meanwhile is not tried again', async () => {
    const t = setUp();
    t.push('v1');
    t.registry.fail('GET manifest', new RegistryError('unavailable', 'down'));
    await t.start();
    await t.create(aStream('app', [tag('v1')]));
    await eventually(async () => (await t.failureOf('app', 'v1')) === 'ServiceUnavailable');
    t.registry.fail('GET manifest', undefined);
    await settle();
    const now = await t.get('app');
    const { digest } = t.push('v1');
    const list = findTag(now.status, 'v1');
    const item = {
      created: '2026-01-01T00:00:00Z',
      dockerImageReference: `${repository}@${digest}`,
      image: digest,
      generation: 1,
      revision: 1,
      sourceDigest: digest,
    };
    const mended = { tag: 'v1', items: [item], observed: { ...list?.observed, imported: true } };
    await t.store.updateStatus(
      imageStreams,
      { ...now, status: { ...now.status, tags: [mended] } },
      {},
      never,
    );
    await settle(60);
    t.forget();
    await t.clock.advance(30 * minuteMs);
    expect(t.asked()).toEqual([]);
  });
});

describe('invariant 9: deleting a stream', () => {
  it('stops its import, and leaves neither slot nor request behind', async () => {
    const t = setUp();
    t.push('v1');
    const { controllers } = await t.start();
    t.registry.hold('GET manifest');
    await t.create(aStream('app', [scheduled('v1', undefined, every('1m'))]));
    await eventually(() => t.asked('GET manifest').length === 1);
    await t.remove('app');
    await settle(60);
    expect(controllers.scheduledTags()).toBe(0);
    t.forget();
    await t.clock.advance(10 * minuteMs);
    expect(t.asked()).toEqual([]);
    expect(t.store.writes).toEqual([]);
    expect(t.logger.lines.filter(({ level }) => level === 'error')).toEqual([]);
  });

  it('and making it anew imports it anew', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    const release = t.registry.hold('GET manifest');
    await t.create(aStream('app', [tag('v1')]));
    await eventually(() => t.asked('GET manifest').length === 1);
    await t.remove('app');
    await t.create(aStream('app', [tag('v1')]));
    await settle(60);
    release();
    await t.imported('app', 'v1');
  });
});

describe('invariant 10', () => {
  it('a refresh that fails and fails again is one write, and its recovery one write and one HEAD', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [scheduled('v1')]));
    await t.imported('app', 'v1');
    await settle();
    t.forget();
    t.registry.fail('HEAD', new RegistryError('manifest-unknown', 'gone', { status: 404 }));
    await t.clock.advance(3 * intervalMs);
    expect(await t.failureOf('app', 'v1')).toBe('NotFound');
    expect(await t.itemsOf('app', 'v1')).toHaveLength(1);
    expect(t.statusWrites()).toHaveLength(1);
    t.forget();
    t.registry.fail('HEAD', undefined);
    const before = t.clock.now();
    await eventually(async () => {
      await t.clock.advance(10_000);
      return (await t.failureOf('app', 'v1')) === undefined;
    });
    expect(t.clock.now() - before).toBeLessThanOrEqual(intervalMs);
    expect(t.asked()).toEqual([`HEAD manifest ${repository}:v1`]);
    expect(t.statusWrites()).toHaveLength(1);
    t.forget();
    await t.clock.advance(intervalMs);
    expect(t.asked()).toHaveLength(1);
    expect(t.store.writes).toEqual([]);
  });

  it('a stream that is written by others is looked at and left alone', async () => {
    const t = setUp();
    t.push('v1');
    await t.start();
    await t.create(aStream('app', [tag('v1')]));
    await t.imported('app', 'v1');
    await settle();
    t.forget();
    for (let round = 0; round < 5; round += 1) {
      const now = await t.get('app');
      const labels = { round: `${round}` };
      await t.store.update(imageStreams, { ...now, metadata: { ...now.metadata, labels } }, {}, never);
      await settle(40);
    }
    expect(t.asked()).toEqual([]);
    expect(t.statusWrites()).toEqual([]);
  });
});
