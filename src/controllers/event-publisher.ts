import type { ChangeEvent } from '../api/change-event.ts';
import { changeEvents } from '../api/change-events.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { type Clock, formatTime } from '../lib/clock.ts';
import type { Logger } from '../lib/logger.ts';
import {
  type ChangeHandler,
  Controller,
  done,
  formatKey,
  type OnRuntime,
  type Reconcile,
} from '../runtime/index.ts';
import { isStoreError } from '../store/errors.ts';
import type { EventNote, RecordEvent } from './ports.ts';

export type EventPublisherOptions = {
  readonly recordEvent: RecordEvent;
  /** Turns a change of a stream into the words of an Event. */
  readonly noteOf: (event: ChangeEvent, stream: Stored<ImageStream>) => EventNote;
  /** Told of every change as it happens, once: the local feed. */
  readonly publish: (events: readonly ChangeEvent[]) => void;
  /** How long an Event is kept: older history is no news any more, and is not told again after a restart. */
  readonly eventTtlMs: number;
  /** False while the first list is read: what stands there then happened before. */
  readonly hasSynced: () => boolean;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly onEvent: OnRuntime;
  readonly onPublished: (event: ChangeEvent) => void;
};

const workers = 4;

type Waiting = { readonly note: EventNote; readonly event: ChangeEvent };

/** The store will not take this Event however often it is tried; its namespace is going, say. */
const isRefusal = (error: unknown): boolean =>
  (['not-found', 'forbidden', 'invalid', 'too-large'] as const).some((code) => isStoreError(error, code));

/** Whether a tag was given an image after that time. */
const hasEntrySince = ({ metadata, status }: Stored<ImageStream>, sinceMs: number): boolean =>
  (status?.tags ?? []).some(({ items }) =>
    (items ?? []).some(({ created }) => Date.parse(created ?? metadata.creationTimestamp) > sinceMs),
  );

/**
 * Tells the world what the histories of streams say: the feed as it happens, and Kubernetes Events.
 *
 * Events have names that follow from what happened, so that nothing is told twice: not after a failure that was none, and not after a
 * restart, which looks at the history of the last hour again and finds the Events there.
 */
export const createEventPublisher = (
  options: EventPublisherOptions,
): { readonly controller: Controller; readonly onChange: ChangeHandler<Stored<ImageStream>> } => {
  const { recordEvent, noteOf, publish, eventTtlMs, hasSynced, clock, logger, onEvent, onPublished } =
    options;
  /** Notes that wait to be written, by stream, in order. */
  const waiting = new Map<string, Waiting[]>();

  const write = async ({ note, event }: Waiting, signal: AbortSignal): Promise<boolean> => {
    try {
      return await recordEvent(note, signal);
    } catch (error) {
      if (!isRefusal(error)) throw error;
      const { namespace, stream, tag, type } = event;
      logger.warn({ err: error, namespace, name: stream, tag, reason: type }, 'the event was refused');
      return false;
    }
  };

  const reconcile: Reconcile = async (key, signal) => {
    const id = formatKey(key);
    const notes = waiting.get(id) ?? [];
    // Taken off one by one, each only when it is written: after a failure the rest waits in its order.
    for (let next = notes[0]; next !== undefined; next = notes[0]) {
      const isNew = await write(next, signal);
      notes.shift();
      if (isNew) onPublished(next.event);
    }
    if (waiting.get(id)?.length === 0) waiting.delete(id);
    return done;
  };
  const controller = new Controller({ name: 'event-publisher', reconcile, workers, clock, logger, onEvent });

  const onChange: ChangeHandler<Stored<ImageStream>> = (old, current, key) => {
    const stream = current ?? old;
    if (stream === undefined) return;
    // At the start, of thousands of streams: to make the events of old entries only to drop them would be most of the work.
    if (old === undefined && !hasSynced() && !hasEntrySince(stream, clock.now() - eventTtlMs)) return;
    // A stream that is new to us but not to the world was told before; of one that is new to all, failures are news too.
    const previous = old ?? (hasSynced() ? withoutStatus(stream) : undefined);
    const events = changeEvents(previous, current, formatTime(clock.now()));
    if (hasSynced()) publish(events);
    const fresh = events.filter(({ time }) => clock.now() - Date.parse(time) < eventTtlMs);
    if (fresh.length === 0) return;
    const notes = waiting.get(formatKey(key)) ?? [];
    notes.push(...fresh.map((event) => ({ event, note: noteOf(event, stream) })));
    waiting.set(formatKey(key), notes);
    controller.enqueue(key);
  };

  return { controller, onChange };
};

const withoutStatus = ({ apiVersion, kind, metadata, spec }: Stored<ImageStream>): Stored<ImageStream> => ({
  apiVersion,
  kind,
  metadata,
  ...(spec === undefined ? {} : { spec }),
});
