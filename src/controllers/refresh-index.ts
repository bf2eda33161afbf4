import type { ImageImport, Refresh } from '../importer/index.ts';
import { formatKey } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';

/** One tag that is refreshed, or the repository of a stream (''). */
export type RefreshMember = {
  readonly key: ObjectKey;
  readonly tag: string;
};

/** Refreshes that are the same work: one question to the registry answers them all. */
export type RefreshGroup = {
  readonly refresh: Refresh;
  readonly request: Pick<ImageImport, 'from' | 'insecure'>;
  readonly members: readonly RefreshMember[];
};

/** What of a stream is to be refreshed: per tag the key of its group and what to ask. */
export type RefreshEntry = {
  readonly tag: string;
  readonly sharingKey: string;
  readonly refresh: Refresh;
  readonly request: Pick<ImageImport, 'from' | 'insecure'>;
};

/** A list and no map: nearly all sources have one follower, and there may be very many. */
type MutableGroup = RefreshGroup & { readonly members: RefreshMember[] };

/** Scheduled tags by the work that refreshes them, and back from a stream to its tags. */
export type RefreshIndex = {
  /** Replaces what is known of a stream. Answers the groups that came to be and those that nobody needs any more. */
  readonly put: (
    key: ObjectKey,
    entries: readonly RefreshEntry[],
  ) => { readonly opened: readonly string[]; readonly closed: readonly string[] };
  readonly group: (sharingKey: string) => RefreshGroup | undefined;
  readonly keys: () => Iterable<string>;
  readonly sharingKeyOf: (key: ObjectKey, tag: string) => string | undefined;
  /** Scheduled tags in all. */
  readonly size: () => number;
};

const isSameKey = (a: ObjectKey, b: ObjectKey): boolean => a.namespace === b.namespace && a.name === b.name;

export const createRefreshIndex = (): RefreshIndex => {
  const groups = new Map<string, MutableGroup>();
  /** By stream: tag → group. */
  const streams = new Map<string, ReadonlyMap<string, string>>();

  const leave = (key: ObjectKey, tag: string, sharingKey: string): boolean => {
    const members = groups.get(sharingKey)?.members ?? [];
    const index = members.findIndex((member) => member.tag === tag && isSameKey(member.key, key));
    if (index >= 0) members.splice(index, 1);
    if (members.length > 0) return false;
    groups.delete(sharingKey);
    return true;
  };

  const join = (key: ObjectKey, { tag, sharingKey, refresh, request }: RefreshEntry): boolean => {
    const known = groups.get(sharingKey);
    const group: MutableGroup = known ?? { refresh, request, members: [] };
    group.members.push({ key, tag });
    groups.set(sharingKey, group);
    return known === undefined;
  };

  return {
    put: (key, entries) => {
      const id = formatKey(key);
      const before = streams.get(id) ?? new Map<string, string>();
      const after = new Map(entries.map(({ tag, sharingKey }) => [tag, sharingKey]));
      const closed = [...before]
        .filter(([tag, sharingKey]) => after.get(tag) !== sharingKey)
        .filter(([tag, sharingKey]) => leave(key, tag, sharingKey))
        .map(([, sharingKey]) => sharingKey);
      const opened = entries
        .filter(({ tag, sharingKey }) => before.get(tag) !== sharingKey)
        .filter((entry) => join(key, entry))
        .map(({ sharingKey }) => sharingKey);
      if (after.size === 0) streams.delete(id);
      else streams.set(id, after);
      return { opened, closed: closed.filter((sharingKey) => !groups.has(sharingKey)) };
    },
    group: (sharingKey) => groups.get(sharingKey),
    keys: () => groups.keys(),
    sharingKeyOf: (key, tag) => streams.get(formatKey(key))?.get(tag),
    size: () => [...streams.values()].reduce((sum, tags) => sum + tags.size, 0),
  };
};
