import { describe, expect, it } from 'vitest';
import { readGolden, steady, storeOf } from '../../../test/fakes/golden.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { streamPortsOf } from '../../../test/fakes/stream-ports.ts';
import type { ImageTag } from '../../api/image-stream-tag.ts';
import { images } from '../../api/resources.ts';
import { createImageTagStorage } from './image-tag.ts';

const namespace = 'g-istag-api';
const golden = readGolden('istag-api');

const setUp = async () => {
  const store = await storeOf(golden);
  return { store, storage: createImageTagStorage(streamPortsOf(store)) };
};

/** The store of the test counts generations from 1; the scenario's stream had more. */
const withoutGeneration = (tag: unknown) => {
  const { metadata, ...rest } = steady(tag) as ImageTag;
  const { generation: _, ...kept } = metadata;
  return { ...rest, metadata: kept };
};

describe('getting an ImageTag', () => {
  it('answers as OpenShift does: the metadata of the stream, spec, status and image', async () => {
    const { storage } = await setUp();
    const tag = await storage.get?.({ namespace, name: 'app:v1' }, aRestContext());
    expect(withoutGeneration(tag)).toEqual(withoutGeneration(golden['imagetag']));
  });

  it('shows a tag that has no image, or whose image is gone', async () => {
    const { storage, store } = await setUp();
    for (const name of Object.keys(golden.images ?? {}))
      await store.delete(images, { namespace: '', name }, {}, new AbortController().signal);
    for (const name of ['app:v1', 'app:v3']) {
      const tag = await storage.get?.({ namespace, name }, aRestContext());
      expect(tag).toMatchObject({ metadata: { name }, image: null });
    }
  });

  it('does not find a tag that neither spec nor status has', async () => {
    const { storage } = await setUp();
    await expect(storage.get?.({ namespace, name: 'app:zzz' }, aRestContext())).rejects.toThrow(
      'imagetags.image.openshift.io "app:zzz" not found',
    );
  });
});

describe('listing ImageTags', () => {
  it('lists every tag in order, never with its image', async () => {
    const { storage } = await setUp();
    const list = await storage.list?.({ namespace }, aRestContext());
    const expected = (golden['imagetags'] as { readonly items: readonly ImageTag[] }).items;
    const kinds = { apiVersion: 'image.openshift.io/v1', kind: 'ImageTag' };
    expect(list?.items.map(withoutGeneration)).toEqual(
      expected.map((tag) => withoutGeneration({ ...kinds, ...tag })),
    );
  });
});
