import type { ObjectReference } from '../api/meta.ts';

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
