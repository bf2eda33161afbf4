import type { ChangeEvent } from '../api/change-event.ts';
import { changeEvents } from '../api/change-events.ts';
import type { ImageStream } from '../api/image-stream.ts';
import type { Stored } from '../api/meta.ts';
import { type Clock, formatTime } from '../lib/clock.ts';

/** The local feed of change events: what the histories tell, and what happens from now on. */
export type Feed = {
  /**
   * One event per history entry of every stream, and what else is in memory (deletions, failures), oldest first; `sinceMs`: only later
   * ones.
   */
  readonly list: (options: { readonly sinceMs?: number | undefined }) => readonly ChangeEvent[];
  /**
   * Events as they happen, each once, until `signal` is aborted; then it just ends. Follows from the call on, not from the first read.
   * A reader that falls too far behind is ended: it can list what it missed.
   */
  readonly follow: (signal: AbortSignal) => AsyncIterable<ChangeEvent>;
  /**
   * What was told after the event of that id: from memory, with deletions and failures, where it is still there; else undefined.
   */
  readonly after: (id: string) => readonly ChangeEvent[] | undefined;
  /** Tells the followers. */
  readonly publish: (events: readonly ChangeEvent[]) => void;
};

export type FeedOptions = {
  /** All streams as last seen. */
  readonly listStreams: () => readonly Stored<ImageStream>[];
  readonly clock: Clock;
};

/** Events that are remembered for readers that come back. */
const maxRemembered = 10_000;
/** Events that wait for a slow reader. */
const maxWaiting = 10_000;

type Follower = { readonly waiting: ChangeEvent[]; wake: () => void; isLost: boolean };

async function* read(
  follower: Follower,
  signal: AbortSignal,
  leave: () => void,
): AsyncGenerator<ChangeEvent> {
  try {
    for (;;) {
      yield* follower.waiting.splice(0);
      if (signal.aborted || follower.isLost) return;
      if (follower.waiting.length > 0) continue;
      await new Promise<void>((resolve) => {
        follower.wake = resolve;
      });
    }
  } finally {
    leave();
  }
}

/** Makes the feed; it stores nothing. */
export const createFeed = ({ listStreams, clock }: FeedOptions): Feed => {
  const followers = new Set<Follower>();
  const remembered: ChangeEvent[] = [];
  return {
    list: ({ sinceMs = Number.NEGATIVE_INFINITY }) => {
      const now = formatTime(clock.now());
      const inMemory = new Set(remembered.map(({ id }) => id));
      const older = listStreams()
        .flatMap((stream) => changeEvents(undefined, stream, now))
        .filter(({ id }) => !inMemory.has(id));
      // Times have second precision: what is remembered keeps its order.
      return [...older, ...remembered]
        .filter(({ time }) => Date.parse(time) > sinceMs)
        .toSorted((a, b) => Date.parse(a.time) - Date.parse(b.time));
    },
    follow: (signal) => {
      const follower: Follower = { waiting: [], wake: () => undefined, isLost: false };
      // Here and not where it is read: a reader that went away before its first read must not be kept supplied.
      const onAbort = (): void => {
        followers.delete(follower);
        follower.wake();
      };
      if (!signal.aborted) followers.add(follower);
      signal.addEventListener('abort', onAbort, { once: true });
      return read(follower, signal, () => {
        followers.delete(follower);
        signal.removeEventListener('abort', onAbort);
      });
    },
    after: (id) => {
      const index = remembered.findLastIndex((event) => event.id === id);
      return index === -1 ? undefined : remembered.slice(index + 1);
    },
    publish: (events) => {
      remembered.push(...events);
      remembered.splice(0, remembered.length - maxRemembered);
      for (const follower of followers) {
        follower.isLost ||= follower.waiting.length + events.length > maxWaiting;
        if (!follower.isLost) follower.waiting.push(...events);
        follower.wake();
      }
    },
  };
};
