import type { Image } from '../api/image.ts';
import { failure, type Status } from '../api/status.ts';
import { ensureImage } from '../store/ensure-image.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';

/**
 * Stores an image, without the texts that may have come with it; resolves to what keeps it from being stored for good, or undefined. A
 * failure that may pass is thrown: it concerns the whole stream.
 */
export const keepImage = async (
  store: Store,
  image: Image,
  signal: AbortSignal,
): Promise<Status | undefined> => {
  const {
    dockerImageManifest: _manifest,
    dockerImageConfig: _config,
    signatures: _signatures,
    dockerImageSignatures: _blobs,
    ...kept
  } = image;
  try {
    await ensureImage(store, kept, {}, signal);
    return undefined;
  } catch (error) {
    if (isStoreError(error, 'forbidden'))
      return failure('Forbidden', `the image cannot be stored: ${error.message}`);
    if (!isStoreError(error, 'invalid') && !isStoreError(error, 'too-large')) throw error;
    return failure('Invalid', `the image cannot be stored: ${error.message}`);
  }
};
