import type { Change } from './revision-log.ts';

/** UTF-16 units of JSON that are kept per resource for watchers, at most: who falls further behind reads the log. */
const maxSize = 8 * 1024 * 1024;

/** Newest changes of one resource, in memory and shared by all its watchers. */
type Ring = {
  /** Every change after this revision is in `changes`. */
  completeFrom: number;
  changes: Change[];
  size: number;
  readonly watchers: Set<() => void>;
};

/** Hands committed changes to watchers: keeps the newest of each resource, and wakes who waits for more. */
export class ChangeFeed {
  readonly #rings = new Map<string, Ring>();
  readonly #start: number;

  /** `start`: revision of the newest change before the feed's first. */
  constructor(start: number) {
    this.#start = start;
  }

  /** Takes changes in order of revision. */
  publish(changes: readonly Change[]): void {
    const touched = new Set<Ring>();
    for (const change of changes) {
      const ring = this.#ring(change.resource);
      ring.changes.push(change);
      ring.size += change.size;
      touched.add(ring);
    }
    for (const ring of touched) {
      if (ring.size > maxSize) shrink(ring);
      for (const wake of ring.watchers) wake();
    }
  }

  /** Changes of a resource after a revision, at most `limit`; undefined when the memory does not reach back so far. */
  after(resource: string, revision: number, limit: number): readonly Change[] | undefined {
    const ring = this.#ring(resource);
    if (revision < ring.completeFrom) return undefined;
    const index = firstAfter(ring.changes, revision);
    return ring.changes.slice(index, index + limit);
  }

  /** Calls `wake` after every publication that touches the resource, and at the end; returns how to stop that. */
  subscribe(resource: string, wake: () => void): () => void {
    const { watchers } = this.#ring(resource);
    watchers.add(wake);
    return () => watchers.delete(wake);
  }

  /** Wakes everybody. */
  wakeAll(): void {
    for (const { watchers } of this.#rings.values()) for (const wake of watchers) wake();
  }

  #ring(resource: string): Ring {
    const known = this.#rings.get(resource);
    if (known !== undefined) return known;
    const ring: Ring = { completeFrom: this.#start, changes: [], size: 0, watchers: new Set() };
    this.#rings.set(resource, ring);
    return ring;
  }
}

/** Drops the oldest changes and makes some room, so that it is seldom needed. */
const shrink = (ring: Ring): void => {
  let dropped = 0;
  while (ring.size > maxSize * 0.9) {
    const oldest = ring.changes[dropped];
    if (oldest === undefined) break;
    ring.size -= oldest.size;
    ring.completeFrom = oldest.revision;
    dropped += 1;
  }
  ring.changes = ring.changes.slice(dropped);
};

/** Index of the first change after `revision`, by bisection. */
const firstAfter = (changes: readonly Change[], revision: number): number => {
  let low = 0;
  let high = changes.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((changes[middle]?.revision ?? 0) > revision) high = middle;
    else low = middle + 1;
  }
  return low;
};
