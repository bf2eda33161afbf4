import { unreferencedSinceAnnotation } from '../api/annotations.ts';
import type { Image } from '../api/image.ts';
import type { Stored } from '../api/meta.ts';
import { images } from '../api/resources.ts';
import { isStoreError } from './errors.ts';
import type { Store, WriteOptions } from './store.ts';

/** How often others may come in between. */
const attempts = 10;

/** Without the mark; the same object where there is none. */
export const withoutMark = (image: Stored<Image>): Stored<Image> => {
  const { [unreferencedSinceAnnotation]: mark, ...annotations } = image.metadata.annotations ?? {};
  return mark === undefined ? image : { ...image, metadata: { ...image.metadata, annotations } };
};

/** The image that is stored, unmarked; undefined when it is gone by now. */
const claim = async (
  store: Store,
  name: string,
  options: WriteOptions,
  signal: AbortSignal,
): Promise<Stored<Image> | undefined> => {
  const found = await store.get(images, { namespace: '', name }, signal);
  if (found === undefined || found.metadata.deletionTimestamp !== undefined) return undefined;
  const unmarked = withoutMark(found);
  return unmarked === found ? found : store.update(images, unmarked, options, signal);
};

/**
 * Stores an image unless it is there: an image is its digest, so the one that is there is the same. After this it may be referred to:
 * one that is about to be pruned is claimed, so that the deletion, which is bound to the marked version, fails.
 *
 * Rejects like {@link Store.create}, with `conflict` only when others come in between again and again.
 */
export const ensureImage = async (
  store: Store,
  image: Image,
  options: WriteOptions,
  signal: AbortSignal,
): Promise<Stored<Image>> => {
  for (let left = attempts; ; left -= 1) {
    try {
      return await store.create(images, image, options, signal);
    } catch (error) {
      if (!isStoreError(error, 'already-exists') || left === 1) throw error;
    }
    try {
      const claimed = await claim(store, image.metadata.name, options, signal);
      if (claimed !== undefined) return claimed;
    } catch (error) {
      if (!isStoreError(error, 'conflict') && !isStoreError(error, 'not-found')) throw error;
    }
  }
};
