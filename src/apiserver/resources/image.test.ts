import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { aRestContext } from '../../../test/fakes/rest-context.ts';
import { formatFieldError } from '../../api/field-error.ts';
import type { Image } from '../../api/image.ts';
import { imageStrategy } from './image.ts';

const context = aRestContext();
const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;
const order = 'image.openshift.io/dockerLayersOrder';
const docker = 'application/vnd.docker.distribution.manifest.v2+json';

const config = '{"os":"linux"}';
const manifest = JSON.stringify({ config: { digest: digestOf(config) } });

const layer = (name: string) => ({ name, size: 1, mediaType: 'layer/type' });

const anImage = (parts: Partial<Image> = {}): Image => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { name: digestOf(manifest) },
  dockerImageReference: 'registry.example/app:1',
  ...parts,
});

const created = (image: Image): Image => imageStrategy.prepareForCreate?.(image, context) as Image;
const updated = (next: Image, old: Image): Image =>
  imageStrategy.prepareForUpdate?.(next, old, context) as Image;

describe('creating an Image', () => {
  it('turns layers that stand from the top down', () => {
    const layers = { dockerImageManifestMediaType: docker, dockerImageLayers: [layer('top'), layer('base')] };
    expect(created(anImage(layers))).toMatchObject({
      metadata: { annotations: { [order]: 'ascending' } },
      dockerImageLayers: [layer('base'), layer('top')],
    });
  });

  it('leaves layers that are said to ascend, and those of unknown order', () => {
    const metadata = { name: 'sha256:1', annotations: { [order]: 'ascending' } };
    const dockerImageLayers = [layer('base'), layer('top')];
    const ascending = anImage({ metadata, dockerImageManifestMediaType: docker, dockerImageLayers });
    expect(created(ascending)).toEqual(ascending);
    const unknown = anImage({ dockerImageManifestMediaType: 'some/type', dockerImageLayers });
    expect(created(unknown)).toEqual(unknown);
  });

  it('drops manifest and config that a registry stores', () => {
    const annotations = { 'image.openshift.io/manifestBlobStored': 'true' };
    const image = anImage({
      metadata: { name: 'sha256:1', annotations },
      dockerImageManifest: manifest,
      dockerImageConfig: config,
    });
    const kept = created(image);
    expect(kept).not.toHaveProperty('dockerImageManifest');
    expect(kept).not.toHaveProperty('dockerImageConfig');
  });
});

describe('updating an Image', () => {
  const old = anImage({
    dockerImageMetadata: { Id: 'sha256:c' },
    dockerImageMetadataVersion: '1.0',
    dockerImageLayers: [layer('base')],
  });

  it('keeps what the image is and takes labels and annotations', () => {
    const next = anImage({
      metadata: { name: old.metadata.name, labels: { a: 'b' } },
      dockerImageMetadata: { Id: 'other' },
      dockerImageMetadataVersion: '2.0',
      dockerImageLayers: [],
    });
    expect(updated(next, old)).toEqual({ ...old, metadata: next.metadata });
  });

  it('takes a manifest and a config that have their digests', () => {
    const next = anImage({ dockerImageManifest: manifest, dockerImageConfig: config });
    expect(updated(next, old)).toMatchObject({ dockerImageManifest: manifest, dockerImageConfig: config });
  });

  it('silently refuses others', () => {
    const next = anImage({ dockerImageManifest: `${manifest} `, dockerImageConfig: config });
    const result = updated(next, old);
    expect(result).not.toHaveProperty('dockerImageManifest');
    expect(result).not.toHaveProperty('dockerImageConfig');
    const other = anImage({ dockerImageManifest: manifest, dockerImageConfig: '{}' });
    expect(updated(other, old)).not.toHaveProperty('dockerImageConfig');
  });
});

describe('validating an Image', () => {
  it('demands a pull spec', async () => {
    const errors = await imageStrategy.validate?.(anImage({ dockerImageReference: '' }), context);
    expect(errors?.map(formatFieldError)).toEqual(['dockerImageReference: Required value']);
  });
});
