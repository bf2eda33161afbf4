import { matchHistory } from '../../api/history-image.ts';
import { formatImageStreamImageName, parseImageStreamImageName } from '../../api/image-stream-names.ts';
import type { ImageStreamImage } from '../../api/image-stream-tag.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { imageStreamImages } from '../../api/resources.ts';
import type { Store } from '../../store/store.ts';
import { badRequestError, conflictError, notFoundError } from '../errors.ts';
import type { RestStorage } from '../rest-storage.ts';
import { embedImage } from './embedded-image.ts';
import { imageStreamImageColumns } from './image-columns.ts';
import { inSingular } from './in-singular.ts';
import { findImage, getImage, getStream } from './stream-reader.ts';

/** Digests of the manifests of those `digests` that are lists. */
const childDigests = async (
  store: Store,
  digests: readonly string[],
  signal: AbortSignal,
): Promise<readonly string[]> => {
  const found = await Promise.all(digests.map((digest) => findImage(store, digest, signal)));
  return found.flatMap((image) => image?.dockerImageManifests ?? []).map(({ digest }) => digest);
};

/** An image of a stream by its digest (openshift-semantics §5.3), read only. */
export const createImageStreamImageStorage = ({
  store,
}: {
  readonly store: Store;
}): RestStorage<ImageStreamImage> => ({
  resource: imageStreamImages,
  columns: imageStreamImageColumns,

  async get({ namespace, name }, { signal }) {
    const parts = parseImageStreamImageName(name);
    if (parts === undefined) throw badRequestError('ImageStreamImages must be retrieved with <name>@<id>');
    const stream = await getStream(store, imageStreamImages, { namespace, name: parts.stream }, signal);
    const [digest, ...others] = await matchHistory(stream, parts.id, (digests) =>
      childDigests(store, digests, signal),
    );
    if (digest === undefined) throw notFoundError(inSingular(imageStreamImages), name);
    if (others.length > 0) {
      const why = `multiple images match the prefix "${parts.id}": ${[digest, ...others].join(', ')}`;
      throw conflictError(imageStreamImages, name, why);
    }
    const image = await getImage(store, imageStreamImages, digest, signal);
    const { annotations } = stream.metadata;
    return {
      apiVersion: apiVersionOf(imageStreamImages),
      kind: imageStreamImages.kind,
      metadata: {
        name: formatImageStreamImageName(parts),
        namespace,
        creationTimestamp: image.metadata.creationTimestamp,
        ...(annotations === undefined ? {} : { annotations }),
      },
      image: embedImage(image),
    };
  },
});
