import type { ChangeEvent } from '../api/change-event.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { ObjectReference, Stored } from '../api/meta.ts';
import { assertNever } from '../lib/assert.ts';

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

const causeOf = ({ cause }: ChangeEvent): string =>
  cause === undefined ? '' : ` (${cause.type}${cause.by === undefined ? '' : ` by ${cause.by}`})`;

/** What was imported: a tag, or a whole repository. */
const importeeOf = ({ tag, reference }: ChangeEvent): string =>
  tag === '' ? `repository ${reference}` : `tag ${tag}`;

/** A change event in a person's words. */
export const changeSentence = (event: ChangeEvent): string => {
  const { type, tag, oldDigest, newDigest, reference } = event;
  switch (type) {
    case 'TagCreated':
      return `tag ${tag} points at ${reference}${causeOf(event)}`;
    case 'TagMoved':
      return `tag ${tag} moved from ${oldDigest ?? 'an older image'} to ${newDigest ?? reference}${causeOf(event)}`;
    case 'TagDeleted':
      return `tag ${tag} was deleted; it pointed at ${reference}`;
    case 'ImportFailed':
      return `${importeeOf(event)} could not be imported: ${event.message ?? event.reason ?? 'unknown failure'}`;
    case 'ImportRecovered':
      return `${importeeOf(event)} is imported again`;
    case 'Gap':
      return event.message ?? 'changes were missed';
    default:
      return assertNever(type);
  }
};

/** The Event that tells of a change beside its stream. */
export const noteOfChange = (
  event: ChangeEvent,
  { metadata }: Stored<ImageStream>,
): EventNote<ChangeEvent['type']> => ({
  id: event.id,
  type: event.type === 'ImportFailed' ? 'Warning' : 'Normal',
  reason: event.type,
  message: changeSentence(event),
  involvedObject: {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    namespace: event.namespace,
    name: event.stream,
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
  },
  at: event.time,
});
