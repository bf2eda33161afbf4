import { describe, expect, it } from 'vitest';
import { readGolden, storeOf } from '../../../test/fakes/golden.ts';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import type { Image } from '../../api/image.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import { imageStreams, images } from '../../api/resources.ts';
import { createImageStreamImageStorage } from './image-stream-image.ts';

const namespace = 'g-istag-api';
const golden = readGolden('istag-api');
const appDigest = 'sha256:2d938e4414ff67d00ac1a145acd6d709dc394ca4b02a01feba2979b62e864e11';

const get = async (name: string) => {
  const store = await storeOf(golden);
  return createImageStreamImageStorage({ store }).get?.({ namespace, name }, aRestContext());
};

const anImage = (name: string, children: readonly string[] = []): Image => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { name },
  dockerImageReference: `registry.example/app@${name}`,
  ...(children.length === 0
    ? {}
    : {
        dockerImageManifests: children.map((digest) => ({
          digest,
          mediaType: 'application/vnd.oci.image.manifest.v1+json',
          manifestSize: 1,
          architecture: 'amd64',
          os: 'linux',
        })),
      }),
});

const aStream = (...digests: readonly string[]): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: 'app', namespace },
  status: {
    tags: digests.map((image, index) => ({
      tag: `t${index}`,
      items: [
        {
          created: '2026-01-01T00:00:00Z',
          dockerImageReference: 'registry.example/app',
          image,
          generation: 1,
        },
      ],
    })),
  },
});

const storageOf = async (stream: ImageStream, ...known: readonly Image[]) => {
  const store = new MemoryStore();
  const { signal } = new AbortController();
  await store.create(imageStreams, stream, {}, signal);
  for (const image of known) await store.create(images, image, {}, signal);
  return createImageStreamImageStorage({ store });
};

describe('getting an ImageStreamImage', () => {
  it('shows an image of the history without its kind', async () => {
    const found = await get(`app@${appDigest}`);
    expect(found).toMatchObject({
      kind: 'ImageStreamImage',
      metadata: { name: `app@${appDigest}`, namespace },
      image: { metadata: { name: appDigest }, dockerImageMetadataVersion: '1.0' },
    });
    expect(found?.image).not.toHaveProperty('kind');
    expect(found?.metadata).not.toHaveProperty('resourceVersion');
  });

  it('finds an image by the start of its hex', async () => {
    const found = await get('app@2d938e');
    expect(found?.image?.metadata?.name).toBe(appDigest);
    // As it was asked for: an object has the name that its URL says.
    expect(found?.metadata.name).toBe('app@2d938e');
  });

  it('does not find an image of another stream', async () => {
    const name = `app@sha256:${'1'.repeat(64)}`;
    await expect(get(name)).rejects.toThrow(`imagestreamimage.image.openshift.io "${name}" not found`);
  });

  it('refuses a name that is not <stream>@<id>', async () => {
    await expect(get('app:v1')).rejects.toThrow('ImageStreamImages must be retrieved with <name>@<id>');
  });

  it('finds a manifest of a list that the history holds', async () => {
    const storage = await storageOf(
      aStream('sha256:aa'),
      anImage('sha256:aa', ['sha256:bb']),
      anImage('sha256:bb'),
    );
    const found = await storage.get?.({ namespace, name: 'app@sha256:bb' }, aRestContext());
    expect(found?.image?.metadata?.name).toBe('sha256:bb');
  });

  it('reports a prefix that fits several images', async () => {
    const storage = await storageOf(
      aStream('sha256:aa1', 'sha256:aa2'),
      anImage('sha256:aa1'),
      anImage('sha256:aa2'),
    );
    await expect(storage.get?.({ namespace, name: 'app@aa' }, aRestContext())).rejects.toMatchObject({
      status: { reason: 'Conflict', code: 409 },
    });
  });
});
