import { unreferencedSinceAnnotation } from '../api/annotations.ts';
import type { Image } from '../api/image.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { images } from '../api/resources.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { Informer, type Lister, type OnRuntime, type Runnable } from '../runtime/index.ts';
import { withoutMark } from '../store/ensure-image.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { OnController } from './events.ts';
import { type KnownImage, type PruningStep, planPruning, toKnownImage } from './image-pruning.ts';

export type ImagePrunerPorts = {
  /** Every stream that there is: what is not seen here counts for nothing. */
  readonly streams: Lister<Stored<ImageStream>>;
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long an image that nothing refers to is kept, in milliseconds. */
  readonly graceMs: number;
  readonly onRuntime: OnRuntime;
  readonly onEvent: OnController;
};

/** Looks per grace period, and how far apart these are at least and at most. */
const sweepsPerGrace = 4;
const shortestSweepMs = 1_000;
const longestSweepMs = 15 * 60_000;

const marked = (image: Stored<Image>, since: string): Stored<Image> => ({
  ...image,
  metadata: {
    ...image.metadata,
    annotations: { ...image.metadata.annotations, [unreferencedSinceAnnotation]: since },
  },
});

/** The image, if it is still the version that was decided about. */
const read = async (
  store: Store,
  { name, resourceVersion }: KnownImage,
  signal: AbortSignal,
): Promise<Stored<Image> | undefined> => {
  const found = await store.get(images, { namespace: '', name }, signal);
  return found?.metadata.resourceVersion === resourceVersion ? found : undefined;
};

const remove = async (
  { store, logger, onEvent }: ImagePrunerPorts,
  { name, uid, resourceVersion }: KnownImage,
  signal: AbortSignal,
): Promise<void> => {
  await store.delete(images, { namespace: '', name }, { uid, resourceVersion }, signal);
  onEvent({ type: 'pruned' });
  logger.info({ name }, 'deleted an image that nothing refers to');
};

const take = async (ports: ImagePrunerPorts, step: PruningStep, signal: AbortSignal): Promise<void> => {
  const { store, clock } = ports;
  if (step.type === 'delete') return remove(ports, step.image, signal);
  const image = await read(store, step.image, signal);
  if (image === undefined) return;
  const next = step.type === 'mark' ? marked(image, formatTime(clock.now())) : withoutMark(image);
  await store.update(images, next, {}, signal);
};

/**
 * Deletes images that nothing refers to any more. The mark on an image says since when, so that a restart forgets nothing; a deletion is
 * bound to the version that is marked, so that it fails when somebody has claimed the image meanwhile (`ensureImage`).
 */
export const createImagePruner = (ports: ImagePrunerPorts): Runnable => {
  const { streams, clock, graceMs, onRuntime: onEvent } = ports;
  const logger = ports.logger.child({ controller: 'image-pruner' });
  const known = new Informer({ ...ports, logger, resource: images, project: toKnownImage, onEvent });

  const sweep = async (signal: AbortSignal): Promise<void> => {
    for (const step of planPruning(streams.list(), known.list(), { nowMs: clock.now(), graceMs })) {
      try {
        await take({ ...ports, logger }, step, signal);
      } catch (error) {
        if (signal.aborted) return;
        // Somebody else was quicker: the next look tells what is left to do.
        if (isStoreError(error, 'not-found') || isStoreError(error, 'conflict')) continue;
        logger.warn({ err: error, name: step.image.name }, 'cannot prune the image: looking again later');
        return;
      }
    }
  };

  const sweepRegularly = async (signal: AbortSignal): Promise<void> => {
    const pauseMs = Math.min(Math.max(graceMs / sweepsPerGrace, shortestSweepMs), longestSweepMs);
    while (!signal.aborted) {
      try {
        await clock.sleep(pauseMs, signal);
      } catch (error) {
        if (signal.aborted) return;
        throw error;
      }
      if (known.hasSynced) await sweep(signal);
    }
  };

  return {
    name: 'image-pruner',
    run: async (signal) => {
      await Promise.all([known.run(signal), sweepRegularly(signal)]);
    },
  };
};
