import { describe, expect, it } from 'vitest';
import { createManualClock } from '../../../test/fakes/clock.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import { streamPortsOf } from '../../../test/fakes/stream-ports.ts';
import type { ImageStreamMapping } from '../../api/image-stream-mapping.ts';
import { imageStreams, images } from '../../api/resources.ts';
import { StoreError } from '../../store/errors.ts';
import { createImageStreamMappingStorage } from './image-stream-mapping.ts';
import { newStream } from './stream-tags.ts';

const { signal } = new AbortController();
const key = { namespace: 'ns', name: 'app' };
const digestOf = (digit: string): string => `sha256:${digit.repeat(64)}`;

const aMapping = (digit: string, parts: Partial<ImageStreamMapping> = {}): ImageStreamMapping => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStreamMapping',
  metadata: { name: 'app' },
  tag: 'v1',
  image: {
    metadata: { name: digestOf(digit) },
    dockerImageReference: `registry.example/ns/app@${digestOf(digit)}`,
  },
  ...parts,
});

const setUp = async () => {
  const store = new MemoryStore();
  const follower = { name: 'stable', from: { kind: 'ImageStreamTag', name: 'v1' } };
  await streamPortsOf(store).writer.create({ ...newStream(key), spec: { tags: [follower] } }, aRestContext());
  const storage = createImageStreamMappingStorage({ store, clock: createManualClock(), historyLimit: 20 });
  return {
    store,
    post: (mapping: ImageStreamMapping) => storage.create?.(mapping, 'ns', aRestContext()),
    tags: async () => (await store.get(imageStreams, key, signal))?.status?.tags,
  };
};

describe('posting an ImageStreamMapping', () => {
  it('stores the image, points the tag at it and lets followers follow', async () => {
    const { store, post, tags } = await setUp();
    expect(await post(aMapping('a'))).toEqual({ status: 'Success', code: 201 });
    expect(await store.get(images, { namespace: '', name: digestOf('a') }, signal)).toMatchObject({
      dockerImageMetadataVersion: '1.0',
    });
    expect(await tags()).toMatchObject([
      { tag: 'stable', items: [{ image: digestOf('a') }] },
      { tag: 'v1', items: [{ image: digestOf('a'), revision: 1, cause: { type: 'Request', by: 'alice' } }] },
    ]);
  });

  it('stores no manifest that a registry keeps', async () => {
    const { store, post } = await setUp();
    const { image } = aMapping('a');
    const metadata = {
      name: digestOf('a'),
      annotations: { 'image.openshift.io/manifestBlobStored': 'true' },
    };
    const texts = { dockerImageManifest: '{}', dockerImageConfig: '{}' };
    await post(aMapping('a', { image: { ...image, ...texts, metadata } }));
    const stored = await store.get(images, { namespace: '', name: digestOf('a') }, signal);
    expect(stored).not.toHaveProperty('dockerImageManifest');
    expect(stored).not.toHaveProperty('dockerImageConfig');
  });

  it('leaves the spec alone and an image that is there as it is', async () => {
    const { store, post } = await setUp();
    await post(aMapping('a'));
    const image = await store.get(images, { namespace: '', name: digestOf('a') }, signal);
    await post(aMapping('a', { tag: 'v2' }));
    expect(await store.get(images, { namespace: '', name: digestOf('a') }, signal)).toBe(image);
    expect((await store.get(imageStreams, key, signal))?.metadata.generation).toBe(1);
  });

  it('does not make the stream, and names the resource of the request', async () => {
    const { post, store } = await setUp();
    await expect(post(aMapping('a', { metadata: { name: 'other' } }))).rejects.toMatchObject({
      status: { code: 404, details: { kind: 'imagestreammappings', name: 'other' } },
    });
    expect(await store.get(images, { namespace: '', name: digestOf('a') }, signal)).toBeUndefined();
  });

  it('says what is missing', async () => {
    const { post } = await setUp();
    await expect(
      post(aMapping('a', { tag: '', image: { metadata: { name: digestOf('a') } } })),
    ).rejects.toMatchObject({
      status: { details: { causes: [{ field: 'tag' }, { field: 'image.dockerImageReference' }] } },
    });
  });

  it('tries again when something else of the stream changed, not when the tag did', async () => {
    const { post, store, tags } = await setUp();
    let races = 0;
    const loseOnce = (change: () => Promise<unknown>): void => {
      let lost = false;
      store.intercept = async (verb) => {
        if (verb !== 'updateStatus' || lost) return;
        lost = true;
        races += 1;
        await change();
        throw new StoreError('conflict', 'somebody else was faster');
      };
    };
    loseOnce(() => Promise.resolve());
    await post(aMapping('a'));
    expect(races).toBe(1);
    loseOnce(async () => post(aMapping('b')));
    await expect(post(aMapping('c'))).rejects.toMatchObject({ status: { reason: 'Conflict' } });
    expect((await tags())?.find(({ tag }) => tag === 'v1')?.items?.[0]?.image).toBe(digestOf('b'));
  });
});
