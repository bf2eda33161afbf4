import type { Clock } from '../../lib/clock.ts';

export type PatchBudgetOptions = {
  /** Changes per minute and namespace; 0 for any number. */
  readonly perMinute: number;
  readonly clock: Pick<Clock, 'monotonic'>;
};

/** What waits for its turn now. */
export type WaitingChanges = { readonly count: number; readonly longestMs: number };

/** Lets so many changes through per minute and namespace, those that wait longest first. */
export type PatchBudget = {
  /**
   * Asks for one change of an object. 0: it may be made now, and counts. Else after how many milliseconds to ask again.
   *
   * @param sinceMs since when it is due: whatever is due longer goes first.
   */
  readonly take: (namespace: string, id: string, sinceMs: number) => number;
  /** An object needs no change any more. */
  readonly forget: (namespace: string, id: string) => void;
  readonly waiting: () => WaitingChanges;
};

type Waiting = { readonly sinceMs: number; readonly askedMs: number };
type Share = { sent: number[]; readonly waiting: Map<string, Waiting> };

const minuteMs = 60_000;

/** How many of those who wait go before this one. */
const rankOf = ({ waiting }: Share, id: string): number => {
  const own = waiting.get(id);
  if (own === undefined) return 0;
  let rank = 0;
  for (const [other, { sinceMs, askedMs }] of waiting) {
    if (other === id) continue;
    if (sinceMs < own.sinceMs || (sinceMs === own.sinceMs && askedMs < own.askedMs)) rank += 1;
  }
  return rank;
};

/** Makes a {@link PatchBudget}: a window that moves, so that what is let through at once is never more than the limit in any minute. */
export const createPatchBudget = ({ perMinute, clock }: PatchBudgetOptions): PatchBudget => {
  const shares = new Map<string, Share>();

  /** The share of a namespace as it is now; one in which nothing happens any more is forgotten. */
  const shareOf = (namespace: string, nowMs: number): Share => {
    const share = shares.get(namespace) ?? { sent: [], waiting: new Map() };
    share.sent = share.sent.filter((atMs) => nowMs - atMs < minuteMs);
    shares.set(namespace, share);
    return share;
  };

  const drop = (namespace: string, share: Share): void => {
    if (share.sent.length === 0 && share.waiting.size === 0) shares.delete(namespace);
  };

  return {
    take: (namespace, id, sinceMs) => {
      if (perMinute === 0) return 0;
      const nowMs = clock.monotonic();
      const share = shareOf(namespace, nowMs);
      const askedMs = share.waiting.get(id)?.askedMs ?? nowMs;
      share.waiting.set(id, { sinceMs, askedMs });
      const rank = rankOf(share, id);
      const free = perMinute - share.sent.length;
      if (rank < free) {
        share.waiting.delete(id);
        share.sent.push(nowMs);
        return 0;
      }
      // The one that is so many places behind: when as many changes are a minute old, and a minute more for each full share before it.
      const behind = rank - free;
      const freedAtMs = (share.sent[behind % perMinute] ?? nowMs) + minuteMs;
      return Math.max(1, freedAtMs + Math.floor(behind / perMinute) * minuteMs - nowMs);
    },
    forget: (namespace, id) => {
      const share = shares.get(namespace);
      if (share === undefined) return;
      share.waiting.delete(id);
      drop(namespace, shareOf(namespace, clock.monotonic()));
    },
    waiting: () => {
      const nowMs = clock.monotonic();
      const all = [...shares.values()].flatMap(({ waiting }) => [...waiting.values()]);
      return {
        count: all.length,
        longestMs: all.reduce((longest, { askedMs }) => Math.max(longest, nowMs - askedMs), 0),
      };
    },
  };
};
