import type { Image } from '../../api/image.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { Stored } from '../../api/meta.ts';
import type { Resource } from '../../api/resource.ts';
import { imageStreams, images } from '../../api/resources.ts';
import type { ObjectKey, Store } from '../../store/store.ts';
import { notFoundError } from '../errors.ts';

/** The stream; rejects with the 404 of `requested`, the resource in the request's URL (openshift-semantics §5). */
export const getStream = async (
  store: Store,
  requested: Resource,
  key: ObjectKey,
  signal: AbortSignal,
): Promise<Stored<ImageStream>> => {
  const stream = await store.get(imageStreams, key, signal);
  if (stream === undefined) throw notFoundError(requested, key.name);
  return stream;
};

/** An image by its digest, or undefined. */
export const findImage = (
  store: Store,
  digest: string,
  signal: AbortSignal,
): Promise<Stored<Image> | undefined> => store.get(images, { namespace: '', name: digest }, signal);

/** The image; rejects with the 404 of `requested`. */
export const getImage = async (
  store: Store,
  requested: Resource,
  digest: string,
  signal: AbortSignal,
): Promise<Stored<Image>> => {
  const image = await findImage(store, digest, signal);
  if (image === undefined) throw notFoundError(requested, digest);
  return image;
};
