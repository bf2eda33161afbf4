import { type ChangeEvent, deletionEvent, digests, eventId, moveEvent, whereOf } from './change-event.ts';
import type { TagEventCondition } from './condition.ts';
import type { ImageStream, NamedTagEventList } from './image-stream.ts';
import { failureIn } from './import-failure.ts';
import type { Stored } from './meta.ts';
import { findTag, highestRevision } from './tag-history.ts';

type StoredStream = Stored<ImageStream>;

/**
 * The entries that the history gained, the oldest first. What came from elsewhere is no news, whenever it is looked at: entries that a
 * migration brought, and those without revision, also when they are given one later.
 */
const movesOf = (
  stream: StoredStream,
  list: NamedTagEventList,
  previous: StoredStream | undefined,
): readonly ChangeEvent[] => {
  const known = highestRevision(previous?.status ?? {}, list.tag);
  const last = findTag(previous?.status, list.tag)?.items?.[0];
  const gained = (list.items ?? []).filter(({ revision = 0 }) => revision > known).toReversed();
  return gained.flatMap((after, index) => {
    const { revision = 0, cause } = after;
    if (cause?.type === 'Migration') return [];
    const before = gained[index - 1] ?? last;
    const isFirst =
      before === undefined && (previous !== undefined || revision === (list.firstRevision ?? 1));
    return [moveEvent(stream, list.tag, { revision, before, after, isFirst })];
  });
};

const deletionOf = (stream: StoredStream, list: NamedTagEventList, now: string): readonly ChangeEvent[] => {
  const last = list.items?.[0];
  if (last === undefined) return [];
  const revision = highestRevision(stream.status ?? {}, list.tag);
  return [deletionEvent(stream, list.tag, { revision, last, now })];
};

/** What an import failed or recovered for. */
type Importee = Pick<ChangeEvent, 'tag' | 'revision' | 'reference' | 'oldDigest' | 'newDigest'>;

/** Best effort: an import that failed and recovered between two looks is not told. */
const healthOf = (
  stream: StoredStream,
  importee: Importee,
  [was, is]: readonly [TagEventCondition | undefined, TagEventCondition | undefined],
  now: string,
): readonly ChangeEvent[] => {
  if (is?.reason === was?.reason && (is === undefined) === (was === undefined)) return [];
  const type = is === undefined ? 'ImportRecovered' : 'ImportFailed';
  const { tag, revision } = importee;
  return [
    {
      id: eventId(stream.metadata.uid, tag, revision, type, is?.reason, (is ?? was)?.lastTransitionTime),
      type,
      ...whereOf(stream, tag),
      ...importee,
      ...(is?.reason === undefined ? {} : { reason: is.reason }),
      ...(is?.message === undefined ? {} : { message: is.message }),
      time: is?.lastTransitionTime ?? now,
    },
  ];
};

const tagHealthOf = (
  stream: StoredStream,
  list: NamedTagEventList,
  old: NamedTagEventList | undefined,
  now: string,
): readonly ChangeEvent[] => {
  // A failure that a migration brought happened elsewhere.
  if (list.observed?.migrated === true && old?.observed?.migrated !== true) return [];
  const current = list.items?.[0];
  const importee = {
    tag: list.tag,
    revision: highestRevision(stream.status ?? {}, list.tag),
    ...digests(current, current),
    reference: current?.dockerImageReference ?? '',
  };
  return healthOf(stream, importee, [failureIn(old?.conditions), failureIn(list.conditions)], now);
};

/** Of a repository that the stream still follows. */
const repositoryHealthOf = (
  stream: StoredStream,
  previous: StoredStream,
  now: string,
): readonly ChangeEvent[] => {
  const reference = stream.spec?.dockerImageRepository ?? '';
  if (reference === '') return [];
  const was = failureIn(previous.status?.repository?.conditions);
  const is = failureIn(stream.status?.repository?.conditions);
  return healthOf(stream, { tag: '', revision: 0, reference }, [was, is], now);
};

/**
 * What happened to the tags of a stream between two states of it: one event for each history entry gained, in order, and one for each
 * tag that is gone or whose imports began or ceased to fail, and for the repository that it follows. `previous` undefined: the stream is seen for the first time, its whole
 * history is news and its failures are not. `next` undefined: it was deleted. Times that the objects do not hold are `now`.
 */
export const changeEvents = (
  previous: StoredStream | undefined,
  next: StoredStream | undefined,
  now: string,
): readonly ChangeEvent[] => {
  const deleted = (previous?.status?.tags ?? [])
    .filter(({ tag }) => findTag(next?.status, tag)?.items?.[0] === undefined)
    .flatMap((list) => (previous === undefined ? [] : deletionOf(previous, list, now)));
  if (next === undefined) return deleted;
  const changed = (next.status?.tags ?? []).flatMap((list) => {
    const old = findTag(previous?.status, list.tag);
    const health = previous === undefined ? [] : tagHealthOf(next, list, old, now);
    return [...movesOf(next, list, previous), ...health];
  });
  const listing = previous === undefined ? [] : repositoryHealthOf(next, previous, now);
  return [...deleted, ...listing, ...changed];
};
