import type { ImageStream } from '../api/image-stream.ts';
import { failureOf, repositorySlot } from '../api/import-failure.ts';
import { seenTags } from '../api/repository-tags.ts';
import { parseTagFilter, type TagFilter, tagFilterOf } from '../api/tag-filter.ts';
import type { Listing, ListOutcome } from '../importer/index.ts';
import { formatKey } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';
import type { RefreshGroup, RefreshMember } from './refresh-index.ts';
import {
  contextOf,
  type Heard,
  type Listener,
  type Listeners,
  mark,
  type QuestionPorts,
} from './refresh-listeners.ts';

/** The filters of streams, each once, by their text. */
const filtersOf = (listeners: Listeners): ReadonlyMap<string | undefined, TagFilter> => {
  const filters = new Map<string | undefined, TagFilter>();
  for (const text of new Set(listeners.map(({ stream }) => tagFilterOf(stream)))) {
    const parsed = parseTagFilter(text);
    if (parsed.ok) filters.set(text, parsed.filter);
  }
  return filters;
};

/** What a listing found, by the text of the filter. */
const byFilter = (
  texts: readonly (string | undefined)[],
  listed: ListOutcome,
): ReadonlyMap<string | undefined, Listing> =>
  new Map(
    texts.flatMap((text, index): readonly [string | undefined, Listing][] => {
      const listing = listed.ok ? listed.listings[index] : undefined;
      return listing === undefined ? [] : [[text, listing]];
    }),
  );

/** Which tags streams were offered, and could not take because they have no room for them. */
const createOffers = () => {
  const offered = new Map<string, string>();
  return {
    changed: (key: ObjectKey): void => void offered.delete(formatKey(key)),
    /** Whether tags are others than the last time. */
    isNew: ({ key }: RefreshMember, tags: readonly string[]): boolean => {
      const text = JSON.stringify(tags);
      if (tags.length === 0 || offered.get(formatKey(key)) === text) return false;
      offered.set(formatKey(key), text);
      return true;
    },
  };
};

const hasOtherState = (stream: ImageStream, { additionalTags }: Listing): boolean =>
  (stream.status?.repository?.leftOut ?? 0) !== additionalTags.length ||
  failureOf(stream, repositorySlot) !== undefined;

/** Lists repositories, each once for all streams that follow it, and tells each which tags it has not seen. */
export const createListing = (ports: QuestionPorts) => {
  const offers = createOffers();
  const { maxTagsPerRepository: maxTags } = ports.settings;
  return {
    /** A stream has changed: what it had no room for may fit now. */
    changed: offers.changed,

    ask: async ({ request }: RefreshGroup, listeners: Listeners, signal: AbortSignal): Promise<Heard> => {
      const filters = filtersOf(listeners);
      const wanted = [...filters.values()].map((filter) => ({ filter, maxTags }));
      const context = await contextOf(listeners, ports, signal);
      const listed = await ports.importer.list(request, wanted, context, signal);
      if (!listed.ok) {
        const { status } = listed;
        const tell = ({ member }: Listener): boolean => {
          mark(member, { listed: status }, ports);
          return true;
        };
        return { failure: status, tell };
      }
      const found = byFilter([...filters.keys()], listed);
      const tell: Heard['tell'] = ({ member, stream }, sinceMs) => {
        const listing = found.get(tagFilterOf(stream));
        // Its filter is another one now: for that it is listed by itself.
        if (listing === undefined) return false;
        const seen = seenTags(stream);
        const tags = listing.tags.filter((tag) => !seen.has(tag));
        const isNew = offers.isNew(member, tags);
        if (!isNew && !hasOtherState(stream, listing)) return false;
        mark(member, { listed: { ...listing, tags }, sinceMs }, ports);
        return true;
      };
      return { failure: undefined, tell };
    },
  };
};
