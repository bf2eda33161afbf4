import { digestBytes } from '../../../src/oci/digest.ts';
import { mediaTypes } from '../../../src/oci/media-type.ts';
import type { Descriptor, Digest, Platform } from '../../../src/oci/types.ts';
import type { Layer } from './layer.ts';

/** Bytes with the media type they are served as. */
export type Blob = { readonly bytes: Uint8Array; readonly mediaType: string; readonly digest: Digest };

/** A manifest, and the blobs and manifests that must be there before it. */
export type Content = {
  readonly manifest: Blob;
  readonly blobs: readonly Blob[];
  readonly children: readonly Content[];
  readonly platform?: Platform | undefined;
};

export type ImageOptions = {
  /** Makes images differ: it becomes a label and the layer's text. */
  readonly name?: string;
  readonly platform?: Platform;
  readonly format?: 'docker' | 'oci';
  /** Members of the config besides the usual ones. */
  readonly config?: Readonly<Record<string, unknown>>;
  /** Of an artifact: the media type of its config. */
  readonly configMediaType?: string;
  readonly artifactType?: string;
  /** A layer that tools can unpack. Default a text, which is enough for who never looks into layers. */
  readonly layer?: Layer;
};

const blobOf = (bytes: Uint8Array, mediaType: string): Blob => ({
  bytes,
  mediaType,
  digest: digestBytes(bytes),
});

const jsonBlob = (value: unknown, mediaType: string): Blob =>
  blobOf(new TextEncoder().encode(JSON.stringify(value)), mediaType);

const descriptorOf = ({ bytes, mediaType, digest }: Blob): Descriptor => ({
  mediaType,
  digest,
  size: bytes.byteLength,
});

const configTypes = {
  docker: 'application/vnd.docker.container.image.v1+json',
  oci: 'application/vnd.oci.image.config.v1+json',
} as const;

const layerTypes = {
  docker: 'application/vnd.docker.image.rootfs.diff.tar.gzip',
  oci: 'application/vnd.oci.image.layer.v1.tar+gzip',
} as const;

/** An image of one layer. Equal options give equal bytes. */
export const anImage = (options: ImageOptions = {}): Content => {
  const { name = 'app', platform = { architecture: 'amd64', os: 'linux' }, format = 'docker' } = options;
  const layer = blobOf(
    options.layer?.bytes ?? new TextEncoder().encode(`layer of ${name} ${platform.architecture}`),
    layerTypes[format],
  );
  const config = jsonBlob(
    {
      ...platform,
      created: '2026-01-01T00:00:00Z',
      config: { Labels: { name }, Cmd: ['/bin/app'] },
      rootfs: { type: 'layers', diff_ids: [options.layer?.diffId ?? layer.digest] },
      history: [{ created: '2026-01-01T00:00:00Z', created_by: 'COPY app /bin/app' }],
      ...options.config,
    },
    options.configMediaType ?? configTypes[format],
  );
  const mediaType = format === 'oci' ? mediaTypes.ociManifest : mediaTypes.dockerManifest;
  const manifest = jsonBlob(
    {
      schemaVersion: 2,
      mediaType,
      ...(options.artifactType === undefined ? {} : { artifactType: options.artifactType }),
      config: descriptorOf(config),
      layers: [descriptorOf(layer)],
    },
    mediaType,
  );
  return { manifest, blobs: [config, layer], children: [], platform };
};

/** A manifest list (or OCI index) of images. */
export const anIndex = (children: readonly Content[], format: 'docker' | 'oci' = 'docker'): Content => {
  const mediaType = format === 'oci' ? mediaTypes.ociIndex : mediaTypes.dockerManifestList;
  const manifests = children.map((child) => ({
    ...descriptorOf(child.manifest),
    ...(child.platform === undefined ? {} : { platform: child.platform }),
  }));
  return { manifest: jsonBlob({ schemaVersion: 2, mediaType, manifests }, mediaType), blobs: [], children };
};

/** A manifest of these exact bytes, whatever they are. */
export const rawManifest = (bytes: Uint8Array | string, mediaType: string): Content => ({
  manifest: blobOf(typeof bytes === 'string' ? new TextEncoder().encode(bytes) : bytes, mediaType),
  blobs: [],
  children: [],
});
