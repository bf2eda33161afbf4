import { layersOrderAnnotation } from '../api/annotations.ts';
import type { Image, ImageManifest } from '../api/image.ts';
import { formatTime } from '../lib/clock.ts';
import type {
  Descriptor,
  FetchedConfig,
  FetchedManifest,
  Manifest,
  PlatformDescriptor,
} from '../oci/types.ts';
import { dockerMetadata } from './docker-metadata.ts';

/** An Image before it is known under which pull spec it is recorded. */
export type UnreferencedImage = Omit<Image, 'dockerImageReference'>;

export type FetchedImage = FetchedManifest & {
  readonly manifest: Extract<Manifest, { readonly kind: 'image' }>;
};
export type FetchedIndex = FetchedManifest & {
  readonly manifest: Extract<Manifest, { readonly kind: 'index' }>;
};

export const isImage = (fetched: FetchedManifest): fetched is FetchedImage =>
  fetched.manifest.kind === 'image';
export const isIndex = (fetched: FetchedManifest): fetched is FetchedIndex =>
  fetched.manifest.kind === 'index';

const decoder = new TextDecoder();

/** Bytes of the config and of the layers, each blob once. */
const sizeOf = (config: Descriptor, layers: readonly Descriptor[]): number => {
  const sizes = new Map([config, ...layers].map(({ digest, size }) => [digest, size]));
  return [...sizes.values()].reduce((sum, size) => sum + size, 0);
};

/** The Image of one manifest, with the texts of manifest and config: {@link withoutTexts} takes them off. */
export const imageOfManifest = (fetched: FetchedImage, config: FetchedConfig): UnreferencedImage => {
  const { manifest } = fetched;
  const layers = manifest.layers.map(({ digest, size, mediaType }) => ({ name: digest, size, mediaType }));
  return {
    apiVersion: 'image.openshift.io/v1',
    kind: 'Image',
    metadata: {
      name: fetched.digest,
      // The manifest's own order: base first.
      annotations: { [layersOrderAnnotation]: 'ascending' },
    },
    dockerImageMetadata: dockerMetadata({
      id: manifest.config.digest,
      config: config.config,
      size: sizeOf(manifest.config, manifest.layers),
    }),
    dockerImageMetadataVersion: '1.0',
    dockerImageManifest: decoder.decode(fetched.bytes),
    ...(layers.length === 0 ? {} : { dockerImageLayers: layers }),
    dockerImageManifestMediaType: fetched.mediaType,
    ...(config.bytes.byteLength === 0 ? {} : { dockerImageConfig: decoder.decode(config.bytes) }),
  };
};

/** An entry of a list as its Image shows it; a platform that nobody states is `unknown`, because the field may not be empty. */
export const indexEntry = (
  entry: PlatformDescriptor,
  stated: { readonly architecture?: string; readonly os?: string },
): ImageManifest => ({
  digest: entry.digest,
  mediaType: entry.mediaType,
  manifestSize: entry.size,
  architecture: entry.platform?.architecture || stated.architecture || 'unknown',
  os: entry.platform?.os || stated.os || 'unknown',
  ...(entry.platform?.variant ? { variant: entry.platform.variant } : {}),
});

/** The Image of a list kept whole: no layers, no config, and `Created` is when it was imported. */
export const imageOfIndex = (
  fetched: FetchedIndex,
  entries: readonly ImageManifest[],
  nowMs: number,
): UnreferencedImage => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'Image',
  metadata: { name: fetched.digest },
  dockerImageMetadata: dockerMetadata({ id: fetched.digest, config: { created: formatTime(nowMs) } }),
  dockerImageMetadataVersion: '1.0',
  dockerImageManifestMediaType: fetched.mediaType,
  dockerImageManifests: [...entries],
});

/** The Image as it is stored and, unless `includeManifest` asks for more, shown. */
export const withoutTexts = <Kept extends UnreferencedImage>(image: Kept): Kept => {
  const { dockerImageManifest: _manifest, dockerImageConfig: _config, ...rest } = image;
  return rest as Kept;
};
