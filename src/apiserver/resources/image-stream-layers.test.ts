import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { MemoryStore } from '../../../test/fakes/store.ts';
import type { Image } from '../../api/image.ts';
import { imageStreams, images } from '../../api/resources.ts';
import { createImageStreamLayersStorage } from './image-stream-layers.ts';

const { signal } = new AbortController();
const key = { namespace: 'ns', name: 'app' };
const group = { apiVersion: 'image.openshift.io/v1' };

const dockerImage = (name: string, parts: Partial<Image> = {}): Image => ({
  ...group,
  kind: 'Image',
  metadata: { name },
  dockerImageManifestMediaType: 'application/vnd.docker.distribution.manifest.v2+json',
  dockerImageMetadata: { Id: `${name}-config` },
  dockerImageLayers: [{ name: 'sha256:layer', size: 7, mediaType: 'layer/type' }],
  ...parts,
});

const indexOf = (name: string, ...children: readonly string[]): Image => ({
  ...group,
  kind: 'Image',
  metadata: { name },
  dockerImageManifestMediaType: 'application/vnd.oci.image.index.v1+json',
  dockerImageMetadata: { Id: name },
  dockerImageManifests: children.map((digest) => ({
    digest,
    mediaType: 'application/vnd.oci.image.manifest.v1+json',
    manifestSize: 1,
    architecture: 'amd64',
    os: 'linux',
  })),
});

const layersOf = async (digests: readonly string[], known: readonly Image[]) => {
  const store = new MemoryStore();
  const items = digests.map((image) => ({
    created: '2026-01-01T00:00:00Z',
    dockerImageReference: `registry.example/app@${image}`,
    image,
    generation: 1,
  }));
  const status = { tags: [{ tag: 'v1', items }] };
  await store.create(imageStreams, { ...group, kind: 'ImageStream', metadata: key, status }, {}, signal);
  for (const image of known) await store.create(images, image, {}, signal);
  return createImageStreamLayersStorage({ store }).get?.(key, aRestContext());
};

describe('imagestreams/layers', () => {
  it('names layers, config and manifest of every image of the history', async () => {
    const layers = await layersOf(['sha256:a'], [dockerImage('sha256:a')]);
    expect(layers).toMatchObject({ kind: 'ImageStreamLayers', metadata: { name: 'app', namespace: 'ns' } });
    expect(layers?.images).toEqual({
      'sha256:a': { imageMissing: false, layers: ['sha256:layer'], config: 'sha256:a-config' },
    });
    expect(layers?.blobs).toEqual({
      'sha256:layer': { size: 7, mediaType: 'layer/type' },
      'sha256:a-config': { size: null, mediaType: 'application/vnd.docker.container.image.v1+json' },
      'sha256:a': { size: null, mediaType: 'application/vnd.docker.distribution.manifest.v2+json' },
    });
  });

  it('follows lists down to their manifests, also where one names itself', async () => {
    const layers = await layersOf(
      ['sha256:list'],
      [
        indexOf('sha256:list', 'sha256:inner'),
        indexOf('sha256:inner', 'sha256:a', 'sha256:list'),
        dockerImage('sha256:a'),
      ],
    );
    expect(layers?.images).toEqual({
      'sha256:list': { imageMissing: false, layers: null, config: null, manifests: ['sha256:inner'] },
      'sha256:inner': {
        imageMissing: false,
        layers: null,
        config: null,
        manifests: ['sha256:a', 'sha256:list'],
      },
      'sha256:a': { imageMissing: false, layers: ['sha256:layer'], config: 'sha256:a-config' },
    });
  });

  it('knows no config of a media type that only every object of the language knows', async () => {
    const layers = await layersOf(
      ['sha256:a'],
      [dockerImage('sha256:a', { dockerImageManifestMediaType: 'constructor' })],
    );
    expect(layers?.images).toMatchObject({ 'sha256:a': { config: null } });
  });

  it('says which images are missing', async () => {
    const layers = await layersOf(['sha256:gone'], []);
    expect(layers?.images).toEqual({ 'sha256:gone': { imageMissing: true, layers: null, config: null } });
    expect(layers?.blobs).toEqual({});
  });

  it('does not find a stream that is not there', async () => {
    const storage = createImageStreamLayersStorage({ store: new MemoryStore() });
    await expect(storage.get?.(key, aRestContext())).rejects.toThrow(
      'imagestreams.image.openshift.io "app" not found',
    );
  });
});
