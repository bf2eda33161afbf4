import { applyImageDefaults } from '../../api/defaults.ts';
import type { Image } from '../../api/image.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { ImageStreamMapping } from '../../api/image-stream-mapping.ts';
import { type BudgetOptions, defaultMaxBytes, fitIntoBudget } from '../../api/object-budget.ts';
import { imageStreamMappings, imageStreams, images } from '../../api/resources.ts';
import { withStreamConditions } from '../../api/stream-conditions.ts';
import { addTagEvent, latestTagEvent } from '../../api/tag-history.ts';
import { updateTrackingTags } from '../../api/tag-tracking.ts';
import { imageOfMapping, validateImageStreamMapping } from '../../api/validation/image-stream-mapping.ts';
import { formatTime } from '../../lib/clock.ts';
import { ensureImage } from '../../store/ensure-image.ts';
import type { Store } from '../../store/store.ts';
import { conflictError, withStoreErrors } from '../errors.ts';
import { assertValid } from '../metadata.ts';
import type { RestContext, RestStorage } from '../rest-storage.ts';
import { nameColumn } from './columns.ts';
import { newImage } from './image.ts';
import type { ResultPorts } from './import-results.ts';
import { getStream } from './stream-reader.ts';
import { tryAgainError, untilNoRace } from './stream-writer.ts';

/** How often the tag is set anew when others write the stream in between. */
const attempts = 10;

/** Stores the image, unless it is there: then it is the same. */
const keepImage = async (store: Store, image: Image, { dryRun, signal }: RestContext): Promise<void> => {
  const { signatures: _signatures, ...kept } = newImage(applyImageDefaults(image));
  await ensureImage(store, kept, { dryRun }, signal);
};

const pointAt = (
  stream: ImageStream,
  tag: string,
  image: Image,
  { by, ...budget }: Pick<BudgetOptions, 'historyLimit' | 'now' | 'toldRevision'> & { readonly by: string },
): ImageStream => {
  const status = addTagEvent(stream.status ?? {}, tag, {
    created: budget.now,
    dockerImageReference: image.dockerImageReference ?? '',
    image: image.metadata.name,
    generation: stream.metadata.generation ?? 0,
    sourceDigest: image.metadata.name,
    cause: { type: 'Request', by },
  });
  const followed = updateTrackingTags({ ...stream, status }, stream);
  const fitted = fitIntoBudget(followed, stream, { ...budget, maxBytes: defaultMaxBytes });
  return withStreamConditions(fitted.stream, budget.now);
};

/**
 * What a registry tells after a push: the image becomes the newest of the tag, whatever the spec says of it; the answer is a bare
 * success (openshift-semantics §5.4).
 */
export const createImageStreamMappingStorage = ({
  store,
  clock,
  historyLimit,
  toldRevision,
}: ResultPorts): RestStorage<ImageStreamMapping> => ({
  resource: imageStreamMappings,
  columns: [nameColumn],

  async create(object, namespace, context) {
    const { signal } = context;
    const mapping = { ...object, metadata: { ...object.metadata, namespace } };
    const { name } = mapping.metadata;
    assertValid(imageStreamMappings, name, validateImageStreamMapping(mapping));
    const { tag = '' } = mapping;
    const image = imageOfMapping(mapping);
    const key = { namespace, name };
    const first = await getStream(store, imageStreamMappings, key, signal);
    await withStoreErrors(images, image.metadata.name, () => keepImage(store, image, context));
    const seen = latestTagEvent(first.status, tag)?.revision;
    const options = { historyLimit, toldRevision, now: formatTime(clock.now()), by: context.user.name };
    await untilNoRace(
      attempts,
      async () => {
        const stream = await getStream(store, imageStreamMappings, key, signal);
        // Of two pushes to one tag the one that came second to be written must not hide the first.
        if (latestTagEvent(stream.status, tag)?.revision !== seen)
          throw conflictError(imageStreams, name, `the tag ${tag} was changed by somebody else`);
        const next = pointAt(stream, tag, image, options);
        await store.updateStatus(imageStreams, next, { dryRun: context.dryRun }, signal);
      },
      () => tryAgainError(imageStreamMappings, 'create'),
    );
    return { status: 'Success', code: 201 };
  },
});
