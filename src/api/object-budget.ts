import { importSuccess, type TagEventCondition } from './condition.ts';
import type { ImageStream, NamedTagEventList, TagEvent, TagReference } from './image-stream.ts';
import { observeTag } from './pending.ts';
import { sortedByTag } from './tag-history.ts';
import { prioritizeTags } from './tag-priority.ts';

/** The last revision of a tag, by the stream's uid, that every sink of change events was told; infinite where there is none to tell. */
export type ToldRevision = (uid: string, tag: string) => number;

/** What bounds a stream's size (design decision 8). */
export type BudgetOptions = {
  /** Entries that the history of one tag may hold. */
  readonly historyLimit: number;
  /** Bytes of the whole object as JSON. etcd refuses about 1.5 MB, and loses ownership data well before. */
  readonly maxBytes: number;
  /** What is newer is kept beyond the limit, as long as there is room: it has yet to be told. Default: nothing has. */
  readonly toldRevision?: ToldRevision | undefined;
  /** RFC 3339, for the conditions of tags that are refused. */
  readonly now: string;
};

/** Default of {@link BudgetOptions.maxBytes}: 1 MiB. */
export const defaultMaxBytes = 1024 * 1024;
/** Kept free for the stream's own conditions, so that what went wrong can always be said. */
const conditionsReserveBytes = 4 * 1024;
/** Kept free for each spec tag that has no status yet: what it takes to say that the tag was refused. */
const refusalReserveBytes = 512;

const bytesOf = (value: unknown): number => Buffer.byteLength(JSON.stringify(value));

const itemsOf = (list: NamedTagEventList): readonly TagEvent[] => list.items ?? [];

const withLists = (
  stream: ImageStream,
  change: (list: NamedTagEventList) => NamedTagEventList,
): ImageStream => {
  const tags = stream.status?.tags ?? [];
  return tags.length === 0 ? stream : { ...stream, status: { ...stream.status, tags: tags.map(change) } };
};

const keepNewest = (list: NamedTagEventList, count: number): NamedTagEventList =>
  itemsOf(list).length <= count ? list : { ...list, items: itemsOf(list).slice(0, count) };

/** Bytes that the stream has too many, with room kept for what may have to be said. */
const excessBytes = (stream: ImageStream, maxBytes: number): number => {
  const known = new Set((stream.status?.tags ?? []).map(({ tag }) => tag));
  const unknown = (stream.spec?.tags ?? []).filter(({ name }) => !known.has(name)).length;
  return bytesOf(stream) + conditionsReserveBytes + unknown * refusalReserveBytes - maxBytes;
};

/** Whether metadata and spec leave room to say something of every tag. What a user writes must, or nobody could be told what is wrong. */
export const hasRoomForSpec = ({ metadata, spec }: ImageStream, maxBytes: number): boolean => {
  const reserve = conditionsReserveBytes + (spec?.tags?.length ?? 0) * refusalReserveBytes;
  return bytesOf([metadata, spec ?? {}]) + reserve <= maxBytes;
};

/** Drops old entries until `excess` bytes are gone: the longest histories give first, among them the oldest entries. */
const dropOldEntries = (stream: ImageStream, excess: number): ImageStream => {
  const entries = (stream.status?.tags ?? []).flatMap((list) =>
    itemsOf(list)
      .map((item, index) => ({ tag: list.tag, index, created: item.created ?? '', bytes: bytesOf(item) + 1 }))
      .filter(({ index }) => index > 0),
  );
  entries.sort((a, b) => b.index - a.index || (a.created < b.created ? -1 : 1));
  const kept = new Map<string, number>();
  let left = excess;
  for (const entry of entries) {
    if (left <= 0) break;
    kept.set(entry.tag, entry.index);
    left -= entry.bytes;
  }
  return withLists(stream, (list) => keepNewest(list, kept.get(list.tag) ?? Number.POSITIVE_INFINITY));
};

const refusal = (generation: number, now: string): TagEventCondition => ({
  type: importSuccess,
  status: 'False',
  lastTransitionTime: now,
  reason: 'ObjectTooLarge',
  message: 'the image stream has no room for another tag: remove tags, or spread them over several streams',
  generation,
});

/** What stands in place of a tag that had no room: a condition where the spec asks for the tag, else nothing. */
const refusedList = (
  stream: ImageStream,
  list: NamedTagEventList,
  specTag: TagReference | undefined,
  now: string,
): NamedTagEventList | undefined => {
  if (specTag === undefined) return undefined;
  const generation = specTag.generation ?? stream.metadata.generation ?? 0;
  // Alone with its own list: among thousands, each would be searched for.
  const alone = { ...stream, status: { ...stream.status, tags: [list] } };
  return {
    tag: list.tag,
    items: null,
    conditions: [refusal(generation, now)],
    observed: observeTag(alone, specTag, { succeeded: false }),
  };
};

/** Refuses tags that `old` had no image of, the least important first, until it fits. */
const refuseTags = (
  stream: ImageStream,
  old: ImageStream | undefined,
  { maxBytes, now }: BudgetOptions,
): ReturnType<typeof fitIntoBudget> => {
  const hadImage = new Set((old?.status?.tags ?? []).flatMap((list) => (itemsOf(list)[0] ? [list.tag] : [])));
  const lists = new Map((stream.status?.tags ?? []).map((list) => [list.tag, list]));
  const specTags = new Map((stream.spec?.tags ?? []).map((tag) => [tag.name, tag]));
  const newLists = [...lists.values()].filter((list) => itemsOf(list).length > 0 && !hadImage.has(list.tag));
  const refusedTags: string[] = [];
  let left = excessBytes(stream, maxBytes);
  for (const tag of prioritizeTags(newLists.map((list) => list.tag)).toReversed()) {
    const list = lists.get(tag);
    if (left <= 0 || list === undefined) break;
    const refused = refusedList(stream, list, specTags.get(tag), now);
    if (refused === undefined) lists.delete(tag);
    else lists.set(tag, refused);
    left -= bytesOf(list) - bytesOf(refused ?? '');
    refusedTags.push(tag);
  }
  if (refusedTags.length === 0) return { stream, refusedTags };
  const tags = sortedByTag([...lists.values()]);
  return { stream: { ...stream, status: { ...stream.status, tags } }, refusedTags };
};

/**
 * Makes a stream fit before it is written: histories are cut to the limit; if it is still too large, the longest histories lose their
 * oldest entries; if even one entry a tag is too much, tags that had no image in `old` are refused, the least important first.
 * The newest entry of a tag that had one is never touched.
 */
export const fitIntoBudget = (
  next: ImageStream,
  old: ImageStream | undefined,
  options: BudgetOptions,
): { readonly stream: ImageStream; readonly refusedTags: readonly string[] } => {
  const { historyLimit, toldRevision = () => Number.POSITIVE_INFINITY } = options;
  const limited = withLists(next, (list) => {
    const told = toldRevision(next.metadata.uid ?? '', list.tag);
    const untold = itemsOf(list).filter(({ revision = 0 }) => revision > told).length;
    return keepNewest(list, Math.max(1, historyLimit, untold));
  });
  const excess = excessBytes(limited, options.maxBytes);
  if (excess <= 0) return { stream: limited, refusedTags: [] };
  return refuseTags(dropOldEntries(limited, excess), old, options);
};
