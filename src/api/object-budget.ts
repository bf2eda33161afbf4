import { importSuccess, type TagEventCondition } from './condition.ts';
import type { ImageStream, ImageStreamStatus, NamedTagEventList, TagEvent } from './image-stream.ts';
import { observeTag } from './pending.ts';
import { findTag, latestTagEvent, putTag } from './tag-history.ts';
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
const refuse = (stream: ImageStream, tag: string, now: string): ImageStreamStatus => {
  const status: ImageStreamStatus = {
    ...stream.status,
    tags: (stream.status?.tags ?? []).filter((list) => list.tag !== tag),
  };
  const specTag = stream.spec?.tags?.find(({ name }) => name === tag);
  if (specTag === undefined) return status;
  const generation = specTag.generation ?? stream.metadata.generation ?? 0;
  return putTag(status, {
    tag,
    items: null,
    conditions: [refusal(generation, now)],
    observed: observeTag(stream, specTag, { succeeded: false }),
  });
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
  const trimmed = dropOldEntries(limited, excess);
  const newTags = (trimmed.status?.tags ?? [])
    .filter((list) => itemsOf(list).length > 0 && latestTagEvent(old?.status, list.tag) === undefined)
    .map(({ tag }) => tag);
  let stream = trimmed;
  let left = excessBytes(trimmed, options.maxBytes);
  const refusedTags: string[] = [];
  for (const tag of prioritizeTags(newTags).toReversed()) {
    if (left <= 0) break;
    const before = findTag(stream.status, tag);
    stream = { ...stream, status: refuse(stream, tag, options.now) };
    left -= bytesOf(before ?? '') - bytesOf(findTag(stream.status, tag) ?? '');
    refusedTags.push(tag);
  }
  return { stream, refusedTags };
};
