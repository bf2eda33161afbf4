import type { ChangeEvent } from '../api/change-event.ts';
import type { ObjectReference } from '../api/meta.ts';
import type { OutboxStep, TagCursors } from '../api/outbox.ts';

/** Something to tell the user beside an object, as a `core/v1` Event. */
export type EventNote<Reason extends string = string> = {
  /** Equal ids are the same Event: it is written once. */
  readonly id: string;
  readonly type: 'Normal' | 'Warning';
  readonly reason: Reason;
  /** A sentence. */
  readonly message: string;
  readonly involvedObject: ObjectReference;
  /** When it happened, RFC 3339. */
  readonly at: string;
};

/** Writes an Event; resolves to false when it was there already. `events/kubernetes.ts` makes one. */
export type RecordEvent = (note: EventNote, signal: AbortSignal) => Promise<boolean>;

/** Which stream: one that is deleted and made again under its name is another. */
export type StreamIdentity = { readonly uid: string; readonly namespace: string; readonly name: string };

/** What became of an event: `stale` when the cursor stands elsewhere, `refused` when only this event is not taken, for now or for ever. */
export type Delivery =
  | { readonly kind: 'published' | 'parked' | 'stale' }
  | { readonly kind: 'refused'; readonly retryAfterMs: number };

/**
 * Where change events go, with the memory of what was told. Whatever a function rejects with (but the signal's reason) means that the
 * sink cannot be reached; `retryAfterMs` of such an error is heeded. `events/` has them.
 */
export interface EventSink {
  /** Names the sink in metrics, logs and cursors. */
  readonly name: string;
  /** Every stream that was told of. */
  load(signal: AbortSignal): AsyncIterable<StreamIdentity & { readonly tags: TagCursors }>;
  /** What was told of one stream. */
  read(stream: StreamIdentity, signal: AbortSignal): Promise<TagCursors>;
  /** Tells one event and moves the cursor. */
  publish(stream: StreamIdentity, step: OutboxStep, signal: AbortSignal): Promise<Delivery>;
  /** Tells an event that no history holds, at most a few times and without a cursor. */
  tell(stream: StreamIdentity, event: ChangeEvent, signal: AbortSignal): Promise<void>;
  /** Sends parked events that a person wants sent again. Absent: the sink parks none. */
  resume?(stream: StreamIdentity, signal: AbortSignal): Promise<void>;
  /** The stream is gone, and everything of it told. */
  forget(stream: StreamIdentity, signal: AbortSignal): Promise<void>;
}

/** What the publishers of change events do, for `observability/metrics.ts`. */
export type SinkEvent =
  | { readonly type: 'published' | 'parked'; readonly sink: string; readonly reason: ChangeEvent['type'] }
  | { readonly type: 'up'; readonly sink: string; readonly isUp: boolean };
