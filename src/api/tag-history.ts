import { isDeepStrictEqual } from 'node:util';
import { oncePerObject } from '../lib/once-per-object.ts';
import type { TagEventCondition } from './condition.ts';
import type { ImageStream, ImageStreamStatus, NamedTagEventList, TagEvent } from './image-stream.ts';

/** A tag event that has no place in a history yet: {@link addTagEvent} numbers it. */
export type NewTagEvent = Omit<TagEvent, 'revision'>;

/** Below this a search is as quick as an index, and takes no memory. */
const indexedFrom = 32;

/** The first list of each tag. Lists never change, a status that does has others. */
const indexOf = oncePerObject(
  (lists: readonly NamedTagEventList[]) => new Map(lists.toReversed().map((list) => [list.tag, list])),
);

/** The list of one tag: its history, conditions and what was observed of its spec. */
export const findTag = (
  status: ImageStreamStatus | undefined,
  tag: string,
): NamedTagEventList | undefined => {
  const lists = status?.tags ?? [];
  return lists.length < indexedFrom ? lists.find((list) => list.tag === tag) : indexOf(lists).get(tag);
};

/** Where a tag points now: the newest entry of its history. */
export const latestTagEvent = (status: ImageStreamStatus | undefined, tag: string): TagEvent | undefined =>
  findTag(status, tag)?.items?.[0];

/** Digests of all images in the history of a stream. */
export const historyDigests = ({ status }: ImageStream): readonly string[] => [
  ...new Set(
    (status?.tags ?? [])
      .flatMap(({ items }) => items ?? [])
      .map(({ image }) => image)
      .filter((image) => image !== ''),
  ),
];

const byTag = (a: NamedTagEventList, b: NamedTagEventList): number =>
  a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0;

/** Lists in the order of their tags, as the original prints them. */
export const sortedByTag = (lists: readonly NamedTagEventList[]): NamedTagEventList[] =>
  lists.toSorted(byTag);

/** Puts a list in the place of the one of its tag; lists stay sorted by tag. Not for many: it goes through all lists. */
export const putTag = (status: ImageStreamStatus, list: NamedTagEventList): ImageStreamStatus => ({
  ...status,
  tags: sortedByTag([...(status.tags ?? []).filter(({ tag }) => tag !== list.tag), list]),
});

/** The highest revision that a tag ever had, also where the history that held it is gone; 0 for none. */
export const highestRevision = (status: ImageStreamStatus, tag: string): number => {
  const list = findTag(status, tag);
  const items = list?.items ?? [];
  const recorded = items.map(({ revision }, index) => revision ?? items.length - index);
  // A tag that came back and has no image yet is listed, too: it goes on where the deleted ones ended.
  const deleted = items.length === 0 ? (status.lastDeletedRevision ?? 0) : 0;
  return Math.max(deleted, list?.observed?.lastRevision ?? 0, ...recorded);
};

/** Numbers entries that came without a revision (from an OpenShift export), the oldest first. */
const numbered = (items: readonly TagEvent[]): readonly TagEvent[] =>
  items.every(({ revision }) => revision !== undefined)
    ? items
    : items
        .toReversed()
        .reduce<readonly TagEvent[]>((older, event) => {
          const previous = older.at(-1)?.revision ?? 0;
          return [...older, { ...event, revision: Math.max(previous + 1, event.revision ?? 0) }];
        }, [])
        .toReversed();

/** A tag that is only a reference has no digest: there the reference says which image it is. */
const isAnotherImage = (current: TagEvent, next: NewTagEvent): boolean =>
  current.image !== next.image ||
  (next.image === '' && current.dockerImageReference !== next.dockerImageReference);

/** The list with its conditions forgotten; the same list where it has none. */
const withoutConditions = (list: NamedTagEventList): NamedTagEventList => {
  const { conditions, ...rest } = list;
  return conditions === undefined ? list : rest;
};

/** The list of a tag that is not held any more; the same list where it was not. */
export const endHold = (list: NamedTagEventList): NamedTagEventList => {
  if (list.rollback?.held !== true) return list;
  const { held: _, ...rollback } = list.rollback;
  return { ...list, rollback };
};

/** The entry at hand with what the new event knows better; the same object when that is nothing. */
const refreshed = (current: TagEvent, next: NewTagEvent): TagEvent => {
  const sourceDigest = next.sourceDigest ?? current.sourceDigest;
  const isSame =
    current.dockerImageReference === next.dockerImageReference &&
    current.generation === next.generation &&
    current.sourceDigest === sourceDigest;
  if (isSame) return current;
  const { dockerImageReference, generation } = next;
  return {
    ...current,
    dockerImageReference,
    generation,
    ...(sourceDigest === undefined ? {} : { sourceDigest }),
  };
};

/**
 * Records that a tag points at an image. Another image becomes a new entry at the front, with the next revision, and ends a rollback;
 * the same image refreshes reference, generation and source digest of the newest entry in place. Either clears the tag's conditions.
 * When nothing changes, the status that was given is returned.
 *
 * The original overwrites in place when the reference stays and the image moves; here the history is append-only (design decision 7).
 *
 * @see openshift-apiserver `internalimageutil` AddTagEventToImageStream
 */
export const addTagEvent = (
  status: ImageStreamStatus,
  tag: string,
  event: NewTagEvent,
): ImageStreamStatus => {
  const list = findTag(status, tag) ?? { tag };
  const [current, ...older] = list.items ?? [];
  if (current === undefined || isAnotherImage(current, event)) {
    const entry = { ...event, revision: highestRevision(status, tag) + 1 };
    const items = [entry, ...numbered(list.items ?? [])];
    // Whoever tells of changes sees by it that what came before belongs to a tag that was deleted, and was not trimmed.
    const { firstRevision = current === undefined ? entry.revision : 1 } = list;
    const start = firstRevision === 1 ? {} : { firstRevision };
    return putTag(status, { ...endHold(withoutConditions(list)), ...start, items });
  }
  const entry = refreshed(current, event);
  return entry === current
    ? status
    : putTag(status, { ...withoutConditions(list), items: [entry, ...older] });
};

/**
 * Records what the source of a tag has now that is held after a rollback: an image that the history does not hold ends that, as
 * {@link addTagEvent} does; any other leaves the tag where it is, and only what it was found at is remembered.
 */
export const addEventWhileHeld = (
  status: ImageStreamStatus,
  tag: string,
  event: NewTagEvent,
): ImageStreamStatus => {
  const list = findTag(status, tag);
  const items = list?.items ?? [];
  const known = items.findIndex(({ image }) => image === event.image);
  if (list === undefined || known === -1) return addTagEvent(status, tag, event);
  const { generation, sourceDigest } = event;
  const next = items.map((item, index) => ({
    ...item,
    // The newest entry stands for the import that was tried: it is what the tag's spec has led to.
    ...(index === 0 ? { generation } : {}),
    ...(index === known && sourceDigest !== undefined ? { sourceDigest } : {}),
  }));
  return isDeepStrictEqual(next, items) ? status : putTag(status, { ...list, items: next });
};

/** Replaces the conditions of a tag; with none, the tag's last import went well. A tag that is new gets an empty history. */
export const setTagConditions = (
  status: ImageStreamStatus,
  tag: string,
  conditions: readonly TagEventCondition[],
): ImageStreamStatus => {
  const list = findTag(status, tag);
  if (conditions.length === 0) {
    return list?.conditions === undefined ? status : putTag(status, withoutConditions(list));
  }
  return putTag(status, { ...(list ?? { tag, items: null }), conditions });
};

/** Forgets a tag with its history. Its revisions are remembered, so that none is used again when the tag comes back. */
export const removeTag = (status: ImageStreamStatus, tag: string): ImageStreamStatus => {
  if (findTag(status, tag) === undefined) return status;
  const { tags, lastDeletedRevision: previous, ...rest } = status;
  const lastDeletedRevision = Math.max(previous ?? 0, highestRevision(status, tag));
  const left = tags?.filter((list) => list.tag !== tag) ?? [];
  return {
    ...rest,
    ...(lastDeletedRevision === 0 ? {} : { lastDeletedRevision }),
    ...(left.length === 0 ? {} : { tags: left }),
  };
};

/**
 * Carries revisions over a write that came from outside: whatever history it dropped or rewrote, no revision that `old` knew can be
 * used again.
 */
export const keepRevisions = (next: ImageStreamStatus, old: ImageStreamStatus): ImageStreamStatus => {
  const gone = (old.tags ?? []).filter(({ tag }) => findTag(next, tag) === undefined);
  const highest = Math.max(
    next.lastDeletedRevision ?? 0,
    old.lastDeletedRevision ?? 0,
    ...gone.map(({ tag }) => highestRevision(old, tag)),
  );
  const base = highest === 0 ? next : { ...next, lastDeletedRevision: highest };
  return (next.tags ?? []).reduce((status, list) => {
    const lastRevision = highestRevision(old, list.tag);
    return findTag(old, list.tag) === undefined || highestRevision(status, list.tag) >= lastRevision
      ? status
      : putTag(status, { ...list, observed: { ...list.observed, lastRevision } });
  }, base);
};
