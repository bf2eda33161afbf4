import { afterEach, describe, expect, it } from 'vitest';
import { createManualClock, settle } from '../../test/fakes/clock.ts';
import { createRecordingLogger } from '../../test/fakes/logger.ts';
import { MemoryStore } from '../../test/fakes/store.ts';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import { imageStreams, images } from '../api/resources.ts';
import { createInformer } from '../runtime/index.ts';
import { ensureImage } from '../store/ensure-image.ts';
import { StoreError } from '../store/errors.ts';
import type { ControllerEvent } from './events.ts';
import { createImagePruner } from './image-pruner.ts';

const never = new AbortController().signal;
const hourMs = 3_600_000;
const digest = (letter: string): string => `sha256:${letter.repeat(64)}`;

const anImage = (letter: string, children: readonly string[] = []): Image => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { name: digest(letter) },
  dockerImageManifests: children.map((child) => ({
    digest: digest(child),
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    manifestSize: 1,
    architecture: 'amd64',
    os: 'linux',
  })),
});

const aStream = (name: string, ...letters: readonly string[]): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { namespace: 'team', name },
  status: {
    tags: [
      {
        tag: 'main',
        items: letters.map((letter, index) => ({
          created: '2026-01-01T00:00:00Z',
          dockerImageReference: `quay.example/app@${digest(letter)}`,
          image: digest(letter),
          generation: 1,
          revision: letters.length - index,
        })),
      },
    ],
  },
});

const running: AbortController[] = [];
afterEach(() => {
  for (const stop of running.splice(0)) stop.abort();
});

const setUp = async (...objects: readonly (Image | ImageStream)[]) => {
  const clock = createManualClock();
  const store = new MemoryStore(clock.now);
  const logger = createRecordingLogger();
  const told: ControllerEvent[] = [];
  for (const object of objects) {
    if (object.kind === 'Image') await store.create(images, object as Image, {}, never);
    else await store.create(imageStreams, object as ImageStream, {}, never);
  }
  /** A program on the store as it is. */
  const start = async () => {
    const stop = new AbortController();
    running.push(stop);
    const shared = { store, clock, logger, onEvent: () => undefined };
    const streams = createInformer<ImageStream>({ ...shared, resource: imageStreams });
    void streams.run(stop.signal);
    await streams.synced();
    const onEvent = (event: ControllerEvent) => void told.push(event);
    const pruner = createImagePruner({
      ...shared,
      streams,
      graceMs: hourMs,
      onRuntime: () => undefined,
      onEvent,
    });
    void pruner.run(stop.signal);
    await settle();
    return { stop: () => stop.abort() };
  };
  const left = async () =>
    (await store.list(images, {}, never)).items.map(({ metadata }) => metadata.name.slice(7, 8)).join('');
  const streamKey = { namespace: 'team', name: 'app' };
  return { clock, store, logger, told, start, left, streamKey };
};

describe('image pruner', () => {
  it('deletes what no history names any more, a grace period after it was seen, and tells so', async () => {
    const { clock, told, start, left } = await setUp(anImage('a'), anImage('b'), aStream('app', 'a'));
    await start();
    await clock.advance(1.9 * hourMs);
    expect(await left()).toBe('ab');
    await clock.advance(0.6 * hourMs);
    expect(await left()).toBe('a');
    expect(told).toEqual([{ type: 'pruned' }]);
  });

  it('keeps the manifests of a list that is referred to, and all of a history', async () => {
    const { clock, store, start, left } = await setUp(
      anImage('a', ['b', 'c']),
      ...['b', 'c', 'd', 'e'].map((letter) => anImage(letter)),
      aStream('app', 'd', 'a'),
    );
    await start();
    store.writes.length = 0;
    await clock.advance(10 * hourMs);
    expect(await left()).toBe('abcd');
    expect(store.writes.map(({ verb }) => verb)).toEqual(['update', 'delete']);
  });

  it('goes on with the grace period where a program before it stopped', async () => {
    const { clock, start, left } = await setUp(anImage('a'));
    const first = await start();
    await clock.advance(1.6 * hourMs);
    first.stop();
    await start();
    await clock.advance(0.6 * hourMs);
    expect(await left()).toBe('');
  });

  it('takes the mark from an image that a stream refers to again', async () => {
    const { clock, store, start, left } = await setUp(anImage('a'));
    await start();
    await clock.advance(1.6 * hourMs);
    await store.create(imageStreams, aStream('app', 'a'), {}, never);
    await clock.advance(10 * hourMs);
    expect(await left()).toBe('a');
    const found = await store.get(images, { namespace: '', name: digest('a') }, never);
    expect(found?.metadata.annotations).toEqual({});
  });

  it('never deletes an image that somebody claims between its decision and its deletion', async () => {
    const { clock, store, start, left } = await setUp(anImage('a'));
    await start();
    let claimed = false;
    store.intercept = async (verb) => {
      if (verb !== 'delete' || claimed) return;
      claimed = true;
      await ensureImage(store, anImage('a'), {}, never);
    };
    await clock.advance(2.5 * hourMs);
    expect(claimed).toBe(true);
    expect(await left()).toBe('a');
  });

  it('goes on after a failure, and says what failed', async () => {
    const { clock, store, logger, start, left } = await setUp(anImage('a'));
    await start();
    let failures = 2;
    store.intercept = (verb) => {
      if (verb === 'delete' && failures-- > 0) throw new StoreError('forbidden', 'not allowed');
    };
    await clock.advance(4 * hourMs);
    expect(await left()).toBe('');
    expect(logger.lines.filter(({ level }) => level === 'warn')).toHaveLength(2);
  });
});

describe('ensureImage', () => {
  it('makes an image again that is deleted while it is claimed', async () => {
    const { store, left } = await setUp(anImage('a'));
    let isGone = false;
    store.intercept = async (verb) => {
      if (verb !== 'get' || isGone) return;
      isGone = true;
      await store.delete(images, { namespace: '', name: digest('a') }, {}, never);
    };
    const stored = await ensureImage(store, anImage('a'), {}, never);
    expect(stored.metadata.resourceVersion).toBe('3');
    expect(await left()).toBe('a');
  });

  it('writes nothing where the image is there and not marked', async () => {
    const { store } = await setUp(anImage('a'));
    store.writes.length = 0;
    await ensureImage(store, anImage('a'), {}, never);
    expect(store.writes).toEqual([]);
  });
});
