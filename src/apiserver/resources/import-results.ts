import { type AppliedImport, applyImport, type FinishedImport } from '../../api/apply-import.ts';
import type { ImageStream } from '../../api/image-stream.ts';
import type { ImageImportStatus, ImageStreamImport } from '../../api/image-stream-import.ts';
import type { Stored } from '../../api/meta.ts';
import { defaultMaxBytes, type ToldRevision } from '../../api/object-budget.ts';
import { imageStreamImports, imageStreams } from '../../api/resources.ts';
import { statusCodes } from '../../api/status.ts';
import { findTag } from '../../api/tag-history.ts';
import { foldTagErrors } from '../../api/tag-resolution.ts';
import { validateImageStream } from '../../api/validation/image-stream.ts';
import { type Clock, formatTime } from '../../lib/clock.ts';
import type { Store } from '../../store/store.ts';
import { conflictError, notFoundError } from '../errors.ts';
import { assertValid } from '../metadata.ts';
import type { RestContext } from '../rest-storage.ts';
import { inSingular } from './in-singular.ts';
import { storeStream, tryAgainError, untilNoRace } from './stream-writer.ts';

/** What writing the results of an import stands on. */
export type ResultPorts = {
  readonly store: Store;
  readonly clock: Clock;
  /** Entries that the history of one tag may hold. */
  readonly historyLimit: number;
  readonly toldRevision?: ToldRevision | undefined;
};

/** The stream as it was when the import began; undefined: there was none. */
export type Seen = Stored<ImageStream> | undefined;
type ImportStatus = NonNullable<ImageStreamImport['status']>;

/** How often the results are applied anew when others write the stream in between. */
const attempts = 10;

/**
 * The stream that results are applied to when another write came in between: never one that took the place of the one that was seen,
 * and for a request that named a version, none whose spec is another.
 */
const checkStillApplies = (request: ImageStreamImport, seen: Seen, newest: Seen): void => {
  const { name, resourceVersion = '' } = request.metadata;
  if (seen === undefined) return;
  if (newest?.metadata.uid !== seen.metadata.uid) throw notFoundError(imageStreamImports, name);
  const isSameSpec = newest.metadata.generation === seen.metadata.generation;
  if (resourceVersion !== '' && !isSameSpec) throw conflictError(inSingular(imageStreams), name);
};

/** Writes what came of a request into the stream; that it read the stream before a long fetch costs nobody's writes. */
export const writeResults = (
  { store, clock, historyLimit, toldRevision }: ResultPorts,
  request: ImageStreamImport,
  finished: FinishedImport,
  seen: Seen,
  context: RestContext,
): Promise<AppliedImport> => {
  const key = { namespace: finished.namespace, name: finished.name };
  let isFirst = true;
  return untilNoRace(
    attempts,
    async () => {
      const old = isFirst ? seen : await store.get(imageStreams, key, context.signal);
      if (!isFirst) checkStillApplies(request, seen, old);
      isFirst = false;
      const applied = applyImport(old, finished, {
        sources: new Map(),
        now: formatTime(clock.now()),
        historyLimit,
        toldRevision,
        maxBytes: defaultMaxBytes,
        cause: { type: 'Request', by: context.user.name },
        by: context.user.name,
      });
      if (applied.change === 'unchanged') return applied;
      const { stream, errors } = applied;
      assertValid(imageStreams, key.name, [
        ...foldTagErrors(key.name, errors),
        ...validateImageStream(stream),
      ]);
      return { ...applied, stream: await storeStream(store, stream, old, context) };
    },
    () => tryAgainError(imageStreamImports, 'create'),
  );
};

/** What is answered in place of an image that the stream had no room for. */
const refusal = (stream: ImageStream, target: string, { tag }: ImageImportStatus): ImageImportStatus => {
  const { reason = 'ObjectTooLarge', message = 'the image stream has no room for another tag' } =
    findTag(stream.status, target)?.conditions?.[0] ?? {};
  return {
    status: { metadata: {}, status: 'Failure', message, reason, code: statusCodes.RequestEntityTooLarge },
    ...(tag === undefined ? {} : { tag }),
  };
};

/** A tag that the stream had no room for was not imported, though its image was fetched. */
export const withRefusals = (
  status: ImportStatus,
  { spec }: FinishedImport,
  { refusedTags, stream }: AppliedImport,
): ImportStatus => {
  if (refusedTags.length === 0) return status;
  const unlessRefused = (image: ImageImportStatus, target: string): ImageImportStatus =>
    refusedTags.includes(target) ? refusal(stream, target, image) : image;
  const images = status.images?.map((image, index) =>
    unlessRefused(image, spec.images?.[index]?.to?.name ?? ''),
  );
  const found = status.repository?.images?.map((image) => unlessRefused(image, image.tag ?? ''));
  return {
    ...status,
    ...(images === undefined ? {} : { images }),
    ...(found === undefined ? {} : { repository: { ...status.repository, images: found } }),
  };
};
