import type { Image } from '../api/image.ts';
import { images } from '../api/resources.ts';
import type { ApiClient } from './client.ts';
import { isRefusal } from './streams.ts';

/** What became of looking for an image of a cluster: it belongs to no namespace, and not everybody may read it. */
export type FoundImage =
  | { readonly kind: 'found'; readonly image: Image }
  | { readonly kind: 'missing' | 'forbidden' };

/** Reads an image by its digest where images are objects of a CRD. */
export const findImage = async (
  client: ApiClient,
  digest: string,
  signal: AbortSignal,
): Promise<FoundImage> => {
  try {
    // No object of a CRD may have a colon in its name.
    const image = await client.get<Image>(images, digest.replace(':', '-'), signal);
    return { kind: 'found', image: { ...image, metadata: { ...image.metadata, name: digest } } };
  } catch (error) {
    if (isRefusal(error, 'Forbidden')) return { kind: 'forbidden' };
    if (isRefusal(error, 'NotFound')) return { kind: 'missing' };
    throw error;
  }
};
