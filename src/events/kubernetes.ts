import { type Event, events } from '../api/core.ts';
import type { Clock } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import { isStoreError } from '../store/errors.ts';
import type { Store } from '../store/store.ts';
import type { EventNote } from './note.ts';

/** How long Events are kept, in milliseconds: what a kube-apiserver keeps them by default. */
export const eventTtlMs = 60 * 60 * 1000;

const component = 'imagestreams';
/** Bytes of a message; longer ones are cut. @see https://kubernetes.io/docs/reference/kubernetes-api/cluster-resources/event-v1/ */
const maxMessageLength = 1024;
const idLength = 16;
/** An object name may have 253 characters, and the dot and the id need room. */
const maxNameLength = 253 - 1 - idLength;

const eventOf = ({ id, type, reason, message, involvedObject, at }: EventNote): Event => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: {
    name: `${(involvedObject.name ?? '').slice(0, maxNameLength)}.${id.slice(0, idLength)}`,
    namespace: involvedObject.namespace ?? 'default',
  },
  involvedObject,
  reason,
  message: message.slice(0, maxMessageLength),
  source: { component },
  firstTimestamp: at,
  lastTimestamp: at,
  count: 1,
  type,
  reportingComponent: component,
});

/** Writes notes as `core/v1` Events under names that follow from their ids; false when the Event was there already. */
export const createEventRecorder =
  (store: Store) =>
  async (note: EventNote, signal: AbortSignal): Promise<boolean> => {
    try {
      await store.create(events, eventOf(note), {}, signal);
      return true;
    } catch (error) {
      if (isStoreError(error, 'already-exists')) return false;
      throw error;
    }
  };

export type SweeperOptions = {
  readonly store: Store;
  readonly clock: Clock;
  readonly logger: Logger;
};

const sweepIntervalMs = 5 * 60 * 1000;
const pageSize = 500;

const isExpired = (event: Event, nowMs: number): boolean =>
  nowMs - Date.parse(event.lastTimestamp ?? event.metadata.creationTimestamp ?? '') > eventTtlMs;

/** Deletes the Events that have been kept long enough; answers how many. */
export const sweepEvents = async (store: Store, nowMs: number, signal: AbortSignal): Promise<number> => {
  let count = 0;
  let continueToken: string | undefined;
  do {
    const page = await store.list(events, { limit: pageSize, continueToken }, signal);
    for (const { metadata } of page.items.filter((event) => isExpired(event, nowMs))) {
      const key = { namespace: metadata.namespace ?? '', name: metadata.name };
      try {
        await store.delete(events, key, { uid: metadata.uid }, signal);
        count += 1;
      } catch (error) {
        // Somebody else was quicker, and may have made another of that name.
        if (!isStoreError(error, 'not-found') && !isStoreError(error, 'conflict')) throw error;
      }
    }
    continueToken = page.continueToken;
  } while (continueToken !== undefined);
  return count;
};

/** Sweeps every few minutes until `signal` is aborted; then it just ends. Standalone has nobody else who would. */
export const runEventSweeper = async (
  { store, clock, logger }: SweeperOptions,
  signal: AbortSignal,
): Promise<void> => {
  while (!signal.aborted) {
    try {
      await clock.sleep(sweepIntervalMs, signal);
      const swept = await sweepEvents(store, clock.now(), signal);
      if (swept > 0) logger.debug({ count: swept }, 'deleted old events');
    } catch (error) {
      if (signal.aborted) return;
      // Tried again after the interval: old Events harm nobody.
      logger.warn({ err: error }, 'cannot delete old events');
    }
  }
};
