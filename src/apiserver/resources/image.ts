import { createHash } from 'node:crypto';
import { layersOrderAnnotation } from '../../api/annotations.ts';
import { applyImageDefaults } from '../../api/defaults.ts';
import type { Image } from '../../api/image.ts';
import { images } from '../../api/resources.ts';
import { validateImage } from '../../api/validation/image.ts';
import type { Strategy } from '../strategy.ts';
import { imageColumns } from './image-columns.ts';
import { withoutGeneration } from './without-generation.ts';

/** On an Image whose manifest a registry keeps: then it is not kept here too. */
const manifestStoredAnnotation = 'image.openshift.io/manifestBlobStored';

/** Manifests that list their layers from the top down where nothing says otherwise. */
const topDownMediaTypes = [
  'application/vnd.docker.distribution.manifest.v2+json',
  'application/vnd.oci.image.manifest.v1+json',
];

const layersOrderOf = ({ metadata, dockerImageManifestMediaType = '' }: Image): string | undefined =>
  metadata.annotations?.[layersOrderAnnotation] ??
  (topDownMediaTypes.includes(dockerImageManifestMediaType) ? 'descending' : undefined);

/** Layers from the base up, and said to be so. */
const withLayersAscending = (image: Image): Image => {
  const layers = image.dockerImageLayers ?? [];
  const order = layersOrderOf(image);
  if (layers.length === 0 || order === undefined) return image;
  const annotations = { ...image.metadata.annotations, [layersOrderAnnotation]: 'ascending' };
  return {
    ...image,
    metadata: { ...image.metadata, annotations },
    dockerImageLayers: order === 'descending' ? layers.toReversed() : layers,
  };
};

const withoutStoredManifest = (image: Image): Image => {
  if (image.metadata.annotations?.[manifestStoredAnnotation] !== 'true') return image;
  const { dockerImageManifest: _manifest, dockerImageConfig: _config, ...rest } = image;
  return rest;
};

/** An image as it is stored when it is new, with its defaults. */
export const newImage = (image: Image): Image => withoutStoredManifest(withLayersAscending(image));

const digestOf = (text: string): string => `sha256:${createHash('sha256').update(text).digest('hex')}`;

const configDigestOf = (manifest: string | undefined): unknown => {
  try {
    const parsed: unknown = JSON.parse(manifest ?? '');
    return (parsed as { readonly config?: { readonly digest?: unknown } } | null)?.config?.digest;
  } catch {
    // A manifest that is no JSON names no config.
    return undefined;
  }
};

/** The text as it was, unless the new one has the digest that it must have. */
const verified = (next: string | undefined, old: string | undefined, digest: unknown): string | undefined =>
  next === undefined || next === old || digestOf(next) === digest ? next : old;

/** What an image is cannot be changed: such parts are silently as they were (openshift-semantics §1.3). */
const withFixedParts = (next: Image, old: Image): Image => {
  const {
    dockerImageManifest,
    dockerImageConfig,
    dockerImageMetadata: _metadata,
    dockerImageMetadataVersion: _version,
    dockerImageLayers: _layers,
    dockerImageSignatures: _signatures,
    ...rest
  } = next;
  const manifest = verified(dockerImageManifest, old.dockerImageManifest, next.metadata.name);
  const config = verified(dockerImageConfig, old.dockerImageConfig, configDigestOf(manifest));
  const { dockerImageMetadata, dockerImageMetadataVersion, dockerImageLayers, dockerImageSignatures } = old;
  return {
    ...rest,
    ...(dockerImageMetadata === undefined ? {} : { dockerImageMetadata }),
    ...(dockerImageMetadataVersion === undefined ? {} : { dockerImageMetadataVersion }),
    ...(dockerImageLayers === undefined ? {} : { dockerImageLayers }),
    ...(dockerImageSignatures === undefined ? {} : { dockerImageSignatures }),
    ...(manifest === undefined ? {} : { dockerImageManifest: manifest }),
    ...(config === undefined ? {} : { dockerImageConfig: config }),
  };
};

/** Images. Imports write them; a client may annotate, label and delete them. */
export const imageStrategy: Strategy<Image> = {
  resource: images,
  columns: imageColumns,
  applyDefaults: applyImageDefaults,
  prepareForCreate: newImage,
  validate: (image) => validateImage(image),
  prepareForUpdate: (next, old) => withoutStoredManifest(withFixedParts(next, old)),
  validateUpdate: (next) => validateImage(next),
  decorate: withoutGeneration,
  allowUnconditionalUpdate: false,
};
