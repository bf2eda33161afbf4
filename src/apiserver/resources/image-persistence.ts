import type { Image } from '../../api/image.ts';
import { images } from '../../api/resources.ts';
import { invalidStatus, type Status } from '../../api/status.ts';
import { validateImage } from '../../api/validation/image.ts';
import type { ImageOutcome, Importer } from '../../importer/types.ts';
import { mapLimit } from '../../lib/map-limit.ts';
import { ensureImage } from '../../store/ensure-image.ts';
import { StoreError } from '../../store/errors.ts';
import type { Store } from '../../store/store.ts';
import { fromStoreError } from '../errors.ts';

/** What became of an image that was to be stored: the identity that it has there, or why it could not be. */
type Kept =
  | { readonly ok: true; readonly uid: string; readonly creationTimestamp: string }
  | { readonly ok: false; readonly status: Status };

/** Images of one list stored at a time. */
const concurrency = 16;

/** What of an image is stored: never its raw manifest and config, nor signatures that came along. */
const storable = (image: Image): Image => {
  const {
    dockerImageManifest: _manifest,
    dockerImageConfig: _config,
    signatures: _signatures,
    dockerImageSignatures: _blobs,
    ...rest
  } = image;
  return rest;
};

const keep = async (store: Store, image: Image, signal: AbortSignal): Promise<Kept> => {
  const { name } = image.metadata;
  const errors = validateImage(image);
  if (errors.length > 0) return { ok: false, status: invalidStatus({ ...images, name }, errors) };
  const { uid, creationTimestamp } = (await ensureImage(store, storable(image), {}, signal)).metadata;
  return { ok: true, uid, creationTimestamp };
};

/** An image is what its digest says: whoever stored it first, it is the same, and stays as it is. */
const keepOnce = async (store: Store, image: Image, signal: AbortSignal): Promise<Kept> => {
  try {
    return await keep(store, image, signal);
  } catch (error) {
    if (error instanceof StoreError)
      return { ok: false, status: fromStoreError(error, images, image.metadata.name).status };
    throw error;
  }
};

const identified = (image: Image, { uid, creationTimestamp }: Extract<Kept, { ok: true }>): Image => ({
  ...image,
  metadata: { ...image.metadata, uid, creationTimestamp },
});

/**
 * An importer that stores the images it fetches before it says that they were imported. One that cannot be stored fails like one that
 * cannot be fetched, and fails no other. For one request: what was stored once is not looked at again.
 */
export const withImagesKept = (importer: Importer, store: Store): Importer => {
  const known = new Map<string, Promise<Kept>>();
  const keepKnown = (image: Image, signal: AbortSignal): Promise<Kept> => {
    const { name } = image.metadata;
    const kept = known.get(name) ?? keepOnce(store, image, signal);
    known.set(name, kept);
    return kept;
  };

  const keepOutcome = async (outcome: ImageOutcome, signal: AbortSignal): Promise<ImageOutcome> => {
    if (!outcome.ok) return outcome;
    const { manifests, image, tag } = outcome;
    // A list last: who finds it finds its manifests.
    const parts = await mapLimit(manifests, concurrency, keepKnown, signal);
    const whole = await keepKnown(image, signal);
    const failed = [...parts, whole].find(({ ok }) => !ok);
    if (failed?.ok === false) return { ok: false, status: failed.status, tag };
    const show = (shown: Image, kept: Kept | undefined): Image =>
      kept?.ok === true ? identified(shown, kept) : shown;
    return {
      ...outcome,
      image: show(image, whole),
      manifests: manifests.map((manifest, index) => show(manifest, parts[index])),
    };
  };

  return {
    placesOf: importer.placesOf,
    list: (request, selections, context, signal) => importer.list(request, selections, context, signal),
    explain: (request, context, wanted) => importer.explain(request, context, wanted),
    resolve: (request, context, signal) => importer.resolve(request, context, signal),
    importImage: async (request, context, signal) =>
      keepOutcome(await importer.importImage(request, context, signal), signal),
    importRepository: async (request, context, signal) => {
      const outcome = await importer.importRepository(request, context, signal);
      if (!outcome.ok) return outcome;
      return { ...outcome, images: await mapLimit(outcome.images, concurrency, keepOutcome, signal) };
    },
  };
};
