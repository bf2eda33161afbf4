import type { DueTag } from '../importer/index.ts';
import { formatKey } from '../runtime/index.ts';
import type { ObjectKey } from '../store/store.ts';

/** Tags to look at again although nothing of their spec changed, by stream; what a refresh, a retry or a hint leaves for the reconciler. */
export type DueTags = {
  readonly mark: (key: ObjectKey, tag: string, due: DueTag) => void;
  /** Takes all of a stream away: they are being looked at. */
  readonly take: (key: ObjectKey) => ReadonlyMap<string, DueTag>;
  /** Puts back what was taken and not done; what was marked meanwhile is newer and stays. */
  readonly putBack: (key: ObjectKey, taken: ReadonlyMap<string, DueTag>) => void;
};

export const createDueTags = (): DueTags => {
  const byStream = new Map<string, Map<string, DueTag>>();
  const of = (key: ObjectKey): Map<string, DueTag> => {
    const id = formatKey(key);
    const tags = byStream.get(id) ?? new Map<string, DueTag>();
    byStream.set(id, tags);
    return tags;
  };
  return {
    mark: (key, tag, due) => void of(key).set(tag, due),
    take: (key) => {
      const tags = byStream.get(formatKey(key)) ?? new Map<string, DueTag>();
      byStream.delete(formatKey(key));
      return tags;
    },
    putBack: (key, taken) => {
      if (taken.size === 0) return;
      const tags = of(key);
      for (const [tag, due] of taken) if (!tags.has(tag)) tags.set(tag, due);
    },
  };
};
