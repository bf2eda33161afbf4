import { createHash } from 'node:crypto';
import Type from 'typebox';
import { type ImageStream, type TagEvent, TagEventCauseSchema } from './image-stream.ts';
import type { Stored } from './meta.ts';
import { oneOf, time, type Value } from './schema.ts';

/** What a program that watches tags is told; the README and `deploy/schemas` show it as JSON Schema. */
export const ChangeEventSchema = Type.Object(
  {
    id: Type.String({
      description:
        'Equal for the same change whoever reports it, however often: readers drop what they have seen.',
    }),
    type: oneOf(['TagCreated', 'TagMoved', 'TagDeleted', 'ImportFailed', 'ImportRecovered', 'Gap'], {
      description: 'Gap: revisions of the tag up to this one were no longer kept when they could be told.',
    }),
    namespace: Type.String(),
    stream: Type.String(),
    tag: Type.String({
      description:
        'Empty where the import of the whole repository that the stream follows failed or recovered, and in a Gap of the feed.',
    }),
    revision: Type.Integer({
      description:
        'Of the history entry; for events that are none, the newest that the tag had, 0 where it never had one.',
    }),
    missedFrom: Type.Optional(Type.Integer({ description: 'Of a Gap: the first revision that is missing.' })),
    oldDigest: Type.Optional(Type.String()),
    newDigest: Type.Optional(
      Type.String({ description: 'Absent where the tag is gone, and where it is only a reference.' }),
    ),
    reference: Type.String({
      description:
        'Pull spec that the tag points at; of a deleted tag, that it pointed at, where still known. Without tag: the repository.',
    }),
    cause: Type.Optional(TagEventCauseSchema),
    reason: Type.Optional(Type.String({ description: 'Why an import failed.' })),
    message: Type.Optional(
      Type.String({ description: 'The same as a sentence; of a Gap, what is missing.' }),
    ),
    time: time(),
  },
  { title: 'ChangeEvent', description: 'Something happened to a tag of an ImageStream.' },
);
export type ChangeEvent = Value<typeof ChangeEventSchema>;

/** An object that only has to say who it is. */
export type Identified = {
  readonly metadata: Pick<Stored<ImageStream>['metadata'], 'uid' | 'name' | 'namespace'>;
};

/** Names an event by what happened, never by when it was noticed. */
export const eventId = (...facts: readonly unknown[]): string =>
  createHash('sha256').update(JSON.stringify(facts)).digest('hex').slice(0, 32);

/** Where a change happened. */
export const whereOf = ({ metadata }: Identified, tag: string) => ({
  namespace: metadata.namespace ?? '',
  stream: metadata.name,
  tag,
});

/** What a tag pointed at before and after, as far as those are images. */
export const digests = (
  before: TagEvent | undefined,
  after: TagEvent | undefined,
): Pick<ChangeEvent, 'oldDigest' | 'newDigest'> => ({
  ...(before === undefined || before.image === '' ? {} : { oldDigest: before.image }),
  ...(after === undefined || after.image === '' ? {} : { newDigest: after.image }),
});

/** One entry of a history as a change. */
export type Move = {
  readonly revision: number;
  readonly before: TagEvent | undefined;
  readonly after: TagEvent;
  /** Nothing stood before it, as opposed to: what stood before it is no longer kept. */
  readonly isFirst: boolean;
};

/** An entry that a history gained. */
export const moveEvent = (
  stream: Stored<ImageStream>,
  tag: string,
  { revision, before, after, isFirst }: Move,
): ChangeEvent => ({
  id: eventId(stream.metadata.uid, tag, revision),
  type: isFirst ? 'TagCreated' : 'TagMoved',
  ...whereOf(stream, tag),
  revision,
  ...digests(before, after),
  reference: after.dockerImageReference,
  ...(after.cause === undefined ? {} : { cause: after.cause }),
  time: after.created ?? stream.metadata.creationTimestamp,
});

/** A tag that is gone; `last` is what it pointed at, where that is still known. */
export const deletionEvent = (
  stream: Identified,
  tag: string,
  {
    revision,
    last,
    now,
  }: { readonly revision: number; readonly last: TagEvent | undefined; readonly now: string },
): ChangeEvent => ({
  id: eventId(stream.metadata.uid, tag, revision, 'TagDeleted'),
  type: 'TagDeleted',
  ...whereOf(stream, tag),
  revision,
  ...digests(last, undefined),
  reference: last?.dockerImageReference ?? '',
  time: now,
});

/** Revisions from `missedFrom` to `revision` that nobody can tell any more. */
export const gapEvent = (
  stream: Identified,
  tag: string,
  {
    missedFrom,
    revision,
    now,
  }: { readonly missedFrom: number; readonly revision: number; readonly now: string },
): ChangeEvent => ({
  id: eventId(stream.metadata.uid, tag, revision, 'Gap'),
  type: 'Gap',
  ...whereOf(stream, tag),
  revision,
  missedFrom,
  reference: '',
  message: `revisions ${missedFrom} to ${revision} of the tag were trimmed from the history before they could be told`,
  time: now,
});
