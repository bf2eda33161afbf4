import { describe, expect, it } from 'vitest';
import { readGolden, steady, storeOf } from '../../../test/fakes/golden.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { streamPortsOf } from '../../../test/fakes/stream-ports.ts';
import type { ImageStreamTag } from '../../api/image-stream-tag.ts';
import { imageStreams, images } from '../../api/resources.ts';
import { createImageStreamTagStorage } from './image-stream-tag.ts';

const namespace = 'g-istag-api';
const golden = readGolden('istag-api');
const appDigest = Object.keys(golden.images ?? {})[0] ?? '';

const setUp = async () => {
  const store = await storeOf(golden);
  return { store, storage: createImageStreamTagStorage(streamPortsOf(store)) };
};

const statusOf = async (promise: Promise<unknown> | undefined): Promise<unknown> => {
  const error: unknown = await promise?.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return (error as { readonly status?: unknown } | undefined)?.status;
};

describe('getting an ImageStreamTag', () => {
  it("answers as OpenShift does: the stream's identity, the spec tag and the whole image", async () => {
    const { storage } = await setUp();
    const tag = await storage.get?.({ namespace, name: 'app:v1' }, aRestContext());
    expect(steady(tag)).toEqual(steady(golden['istag']));
  });

  it('is as old as its newest event', async () => {
    const { storage } = await setUp();
    const tag = await storage.get?.({ namespace, name: 'app:v1' }, aRestContext());
    expect(tag?.metadata.creationTimestamp).toBe(
      (golden['istag'] as ImageStreamTag).metadata.creationTimestamp,
    );
  });

  it('refuses a name that is not <stream>:<tag>', async () => {
    const { storage } = await setUp();
    for (const name of ['app', 'app:', 'app:v1:x', 'app@sha256:1'])
      expect(await statusOf(storage.get?.({ namespace, name }, aRestContext()))).toMatchObject({
        reason: 'BadRequest',
        code: 400,
        message: 'ImageStreamTags must be retrieved with <name>:<tag>',
      });
  });

  it('names the resource of the request when the stream, the tag or the image is missing', async () => {
    const { storage, store } = await setUp();
    const missing = async (name: string) => statusOf(storage.get?.({ namespace, name }, aRestContext()));
    expect(await missing('none:v1')).toMatchObject({
      message: 'imagestreamtags.image.openshift.io "none" not found',
      details: { name: 'none', group: 'image.openshift.io', kind: 'imagestreamtags' },
    });
    expect(await missing('app:zzz')).toMatchObject({
      message: 'imagestreamtags.image.openshift.io "app:zzz" not found',
    });
    await store.delete(images, { namespace: '', name: appDigest }, {}, new AbortController().signal);
    expect(await missing('app:v1')).toMatchObject({
      details: { name: appDigest, kind: 'imagestreamtags' },
    });
  });

  it('does not find a tag whose import failed, though its spec has it', async () => {
    const { storage } = await setUp();
    expect(await statusOf(storage.get?.({ namespace, name: 'app:v3' }, aRestContext()))).toMatchObject({
      code: 404,
    });
  });

  it('lays the annotations of the spec tag over those of the image', async () => {
    const { storage, store } = await setUp();
    const { signal } = new AbortController();
    const stream = await store.get(imageStreams, { namespace, name: 'app' }, signal);
    if (stream === undefined) throw new Error('the scenario has no stream');
    const annotations = { description: 'd', 'image.openshift.io/dockerLayersOrder': 'mine' };
    const tags = stream.spec?.tags?.map((tag) => (tag.name === 'v1' ? { ...tag, annotations } : tag)) ?? [];
    await store.update(imageStreams, { ...stream, spec: { ...stream.spec, tags } }, {}, signal);
    const tag = await storage.get?.({ namespace, name: 'app:v1' }, aRestContext());
    expect(tag?.metadata.annotations).toEqual(annotations);
    expect(tag?.image?.metadata?.annotations).toEqual(annotations);
  });
});

describe('listing ImageStreamTags', () => {
  it('lists the tags that have an image, of which only name and reference are shown', async () => {
    const { storage } = await setUp();
    const list = await storage.list?.({ namespace }, aRestContext());
    expect(steady(list?.items)).toEqual(steady(golden['imagestreamtags']));
    expect(list?.resourceVersion).toBe('');
  });

  it('applies a field selector to the tags', async () => {
    const { storage } = await setUp();
    const fields = [{ path: 'metadata.name', operator: '=', value: 'app:v1' } as const];
    const list = await storage.list?.({ namespace, fields }, aRestContext());
    expect(list?.items.map(({ metadata }) => metadata.name)).toEqual(['app:v1']);
  });

  it('lists no tags of other namespaces', async () => {
    const { storage } = await setUp();
    expect((await storage.list?.({ namespace: 'other' }, aRestContext()))?.items).toEqual([]);
  });
});
