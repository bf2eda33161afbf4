import { type ChangeEvent, deletionEvent, gapEvent, type Identified, moveEvent } from './change-event.ts';
import type { ImageStream, NamedTagEventList, TagEvent } from './image-stream.ts';
import type { Stored } from './meta.ts';

/** Per tag of one stream, the revision that a sink was told last. A tag that is not there was never told of, or its deletion was. */
export type TagCursors = ReadonlyMap<string, number>;

/** One event that a sink lacks, and how its cursor moves with it. */
export type OutboxStep = {
  readonly tag: string;
  /** What the cursor must stand at; 0: nowhere. */
  readonly after: number;
  /** Where it stands then. */
  readonly to: number | 'deleted';
  readonly event: ChangeEvent;
};

type StoredStream = Stored<ImageStream>;

type TellOptions = {
  readonly now: string;
  /** The last entry of a tag that is gone, where somebody still knows it. */
  readonly lastEntry: (tag: string, revision: number) => TagEvent | undefined;
};

const deletionStep = (
  stream: Identified,
  [tag, revision]: readonly [string, number],
  { now, lastEntry }: TellOptions,
): OutboxStep => ({
  tag,
  after: revision,
  to: 'deleted',
  event: deletionEvent(stream, tag, { revision, last: lastEntry(tag, revision), now }),
});

/** Whether an entry came from elsewhere: then it is no news, nor is what was left out before it. */
const isCarried = ({ cause }: TagEvent): boolean => cause === undefined || cause.type === 'Migration';

/** Entries with revisions, the oldest first. */
const numberedItems = (list: NamedTagEventList): readonly (TagEvent & { readonly revision: number })[] =>
  (list.items ?? [])
    .flatMap((item) => (item.revision === undefined ? [] : [{ ...item, revision: item.revision }]))
    .toReversed();

const stepsOfTag = (
  stream: StoredStream,
  list: NamedTagEventList,
  cursor: number,
  options: TellOptions,
): readonly OutboxStep[] => {
  const { tag, firstRevision = 1 } = list;
  const items = numberedItems(list);
  const [oldest] = items;
  if (oldest === undefined) return [];
  const steps: OutboxStep[] = [];
  let after = cursor;
  // What the sink knows is a tag of that name that was deleted since.
  if (after > 0 && after < firstRevision) {
    steps.push(deletionStep(stream, [tag, after], options));
    after = 0;
  }
  const expected = Math.max(after + 1, firstRevision);
  if (oldest.revision > expected && !isCarried(oldest)) {
    const revision = oldest.revision - 1;
    const event = gapEvent(stream, tag, { missedFrom: expected, revision, now: options.now });
    steps.push({ tag, after, to: revision, event });
    after = revision;
  }
  items.forEach((entry, index) => {
    if (entry.revision <= after || isCarried(entry)) return;
    const { revision } = entry;
    const isFirst = revision === firstRevision;
    const event = moveEvent(stream, tag, { revision, before: items[index - 1], after: entry, isFirst });
    steps.push({ tag, after, to: revision, event });
    after = revision;
  });
  return steps;
};

/**
 * What a sink that stands at `cursors` has not been told of a stream, in the order in which it is to be told; of each tag the oldest first.
 * `stream` without a status, or with none of the tags, has lost them: a stream that was deleted is known by its name and uid alone.
 *
 * Tags that are new go before those that are gone: a sink that remembers only the highest revision of all deleted tags can then tell
 * a new tag from a stale view of a deleted one, since revisions go on where deleted tags ended.
 */
export const outboxSteps = (
  stream: StoredStream | Identified,
  cursors: TagCursors,
  options: TellOptions,
): readonly OutboxStep[] => {
  const lists = 'status' in stream ? (stream.status?.tags ?? []).filter(({ items }) => items?.length) : [];
  const isNew = ({ tag }: NamedTagEventList): boolean => !cursors.has(tag);
  const there = new Set(lists.map(({ tag }) => tag));
  const gone = [...cursors].filter(([tag]) => !there.has(tag));
  const changed = [...lists.filter(isNew), ...lists.filter((list) => !isNew(list))];
  return [
    ...changed.flatMap((list) =>
      stepsOfTag(stream as StoredStream, list, cursors.get(list.tag) ?? 0, options),
    ),
    ...gone.map((cursor) => deletionStep(stream, cursor, options)),
  ];
};

/** Where the cursors stand after a step. */
export const advanced = (cursors: TagCursors, { tag, to }: Pick<OutboxStep, 'tag' | 'to'>): TagCursors => {
  const next = new Map(cursors);
  if (to === 'deleted') next.delete(tag);
  else next.set(tag, to);
  return next;
};
