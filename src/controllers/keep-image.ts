import type { Image } from '../api/image.ts';
import { failure, type Status } from '../api/status.ts';
import type { Clock } from '../lib/clock.ts';
import { createSingleFlight } from '../lib/single-flight.ts';
import { createWeightedCache } from '../lib/weighted-cache.ts';
import { ensureImage } from '../store/ensure-image.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';

/** Names of images that are remembered: some 150 bytes each. */
const maxRemembered = 10_000;
/** How long a stored image counts as being there without another look. */
const longestTrustMs = 60_000;
/** What of the grace period of the pruner that may take; the rest is for whoever is about to write down that it needs the image. */
const trustedPartOfGrace = 1 / 4;

/**
 * Stores an image, without the texts that may have come with it; resolves to what keeps it from being stored for good, or undefined. A
 * failure that may pass is thrown: it concerns the whole stream.
 */
export type KeepImage = (image: Image, signal: AbortSignal) => Promise<Status | undefined>;

export type ImageKeeperOptions = {
  readonly store: Store;
  readonly clock: Clock;
  /** How long images that nothing refers to are kept, in milliseconds; undefined: for ever. */
  readonly graceMs: number | undefined;
};

const storeIfMissing = async (
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

/**
 * Makes a {@link KeepImage} that asks the store once for an image that many streams or tags come to at about the same time.
 *
 * An image that was just seen without the pruner's mark outlives the grace period at least, which begins with the mark: only a part of
 * it is relied on.
 */
export const createImageKeeper = ({ store, clock, graceMs }: ImageKeeperOptions): KeepImage => {
  const trustMs = Math.min(longestTrustMs, (graceMs ?? Number.POSITIVE_INFINITY) * trustedPartOfGrace);
  const flights = createSingleFlight<Status | undefined>();
  const seenAt = createWeightedCache<number>(maxRemembered);
  return async (image, signal) => {
    const { name } = image.metadata;
    const atMs = seenAt.get(name);
    if (atMs !== undefined && clock.monotonic() - atMs < trustMs) return undefined;
    const keep = async (shared: AbortSignal): Promise<Status | undefined> => {
      const askedMs = clock.monotonic();
      const problem = await storeIfMissing(store, image, shared);
      if (problem === undefined) seenAt.set(name, askedMs, 1);
      return problem;
    };
    return flights(name, keep, signal);
  };
};
