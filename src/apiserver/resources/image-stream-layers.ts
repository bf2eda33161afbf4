import type { Image } from '../../api/image.ts';
import type {
  ImageBlobReferences,
  ImageLayerData,
  ImageStreamLayers,
} from '../../api/image-stream-layers.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreamLayers } from '../../api/resources.ts';
import { historyDigests } from '../../api/tag-history.ts';
import { mapLimit } from '../../lib/map-limit.ts';
import type { Store } from '../../store/store.ts';
import type { RestStorage } from '../rest-storage.ts';
import { nameColumn } from './columns.ts';
import { findImage, getStream } from './stream-reader.ts';

/** Media type of the config of an image, by that of its manifest. */
const configMediaTypes: ReadonlyMap<string, string> = new Map([
  ['application/vnd.docker.distribution.manifest.v2+json', 'application/vnd.docker.container.image.v1+json'],
  ['application/vnd.oci.image.manifest.v1+json', 'application/vnd.oci.image.config.v1+json'],
]);

/** Images read at a time. */
const concurrency = 16;

type Blob = readonly [digest: string, data: ImageLayerData];
type Described = { readonly references: ImageBlobReferences; readonly blobs: readonly Blob[] };

const describe = (image: Image): Described => {
  const { dockerImageManifestMediaType: mediaType = '', dockerImageMetadata, dockerImageLayers } = image;
  const configMediaType = configMediaTypes.get(mediaType);
  const id = dockerImageMetadata?.['Id'];
  const config = configMediaType !== undefined && typeof id === 'string' && id !== '' ? id : null;
  const layers = dockerImageLayers ?? [];
  const manifests = (image.dockerImageManifests ?? []).map(({ digest }) => digest);
  return {
    references: {
      imageMissing: false,
      layers: layers.length === 0 ? null : layers.map(({ name }) => name),
      config,
      ...(manifests.length === 0 ? {} : { manifests }),
    },
    blobs: [
      ...layers.map(({ name, size, mediaType: type }): Blob => [name, { size, mediaType: type }]),
      ...(config === null ? [] : [[config, { size: null, mediaType: configMediaType ?? '' }] as const]),
      [image.metadata.name, { size: null, mediaType }],
    ],
  };
};

const missing: Described = { references: { imageMissing: true, layers: null, config: null }, blobs: [] };

/** Everything that `digests` refer to; the manifests of lists come along, one level after another. */
const describeAll = async (
  store: Store,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<ReadonlyMap<string, Described>> => {
  const found = new Map<string, Described>();
  let wanted = digests;
  while (wanted.length > 0) {
    const described = await mapLimit(
      wanted,
      concurrency,
      async (digest, inner) => {
        const image = await findImage(store, digest, inner);
        return [digest, image === undefined ? missing : describe(image)] as const;
      },
      signal,
    );
    for (const [digest, description] of described) found.set(digest, description);
    const children = described.flatMap(([, { references }]) => references.manifests ?? []);
    wanted = [...new Set(children)].filter((digest) => !found.has(digest));
  }
  return found;
};

/** The blobs of a stream's images (openshift-semantics §5.5): what may be pulled by whoever may read this. */
export const createImageStreamLayersStorage = ({
  store,
}: {
  readonly store: Store;
}): RestStorage<ImageStreamLayers> => ({
  resource: imageStreamLayers,
  columns: [nameColumn],

  async get(key, { signal }) {
    const stream = await getStream(store, imageStreamLayers, key, signal);
    const described = await describeAll(store, historyDigests(stream), signal);
    return {
      apiVersion: apiVersionOf(imageStreamLayers),
      kind: imageStreamLayers.kind,
      metadata: stream.metadata,
      blobs: Object.fromEntries([...described.values()].flatMap(({ blobs }) => blobs)),
      images: Object.fromEntries([...described].map(([digest, { references }]) => [digest, references])),
    };
  },
});
