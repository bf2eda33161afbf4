import { type Backoff, exponentialBackoff } from '../lib/backoff.ts';
import type { Clock } from '../lib/clock.ts';
import type { OnRuntime } from './events.ts';
import { Timetable } from './timetable.ts';

export type WorkQueueOptions = {
  /** Names the queue in events. */
  readonly name: string;
  readonly clock: Clock;
  readonly onEvent: OnRuntime;
  /** Delay of {@link WorkQueue.retry}. Default: 100 ms doubling to 5 min, half of it random. */
  readonly backoff?: Backoff | undefined;
  /** Groups of keys take turns, so that a group with many keys does not delay one with few. Default: one group. */
  readonly groupOf?: ((key: string) => string) | undefined;
  /** How many keys of one group may be worked on at a time. Default: no limit. */
  readonly maxPerGroup?: number | undefined;
};

const defaultBackoff = exponentialBackoff({ baseMs: 100, maxMs: 300_000, jitter: 0.5 });

/** First in, first out, without moving what is left. */
class Fifo {
  #items: string[] = [];
  #head = 0;

  get size(): number {
    return this.#items.length - this.#head;
  }

  push(item: string): void {
    this.#items.push(item);
  }

  shift(): string | undefined {
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head * 2 > this.#items.length) {
      this.#items = this.#items.slice(this.#head);
      this.#head = 0;
    }
    return item;
  }
}

/**
 * Keys that wait for work, each at most once; a key that is added while it is worked on waits until that is done, so that one key
 * never runs twice at the same time.
 *
 * @see https://pkg.go.dev/k8s.io/client-go/util/workqueue for the model.
 */
export class WorkQueue {
  readonly #options: WorkQueueOptions;
  readonly #delayed: Timetable;
  readonly #groups = new Map<string, Fifo>();
  /** Keys in `#groups`, and those that were added while running; with the time of the add. */
  readonly #dirty = new Map<string, number>();
  readonly #running = new Map<string, number>();
  readonly #runningPerGroup = new Map<string, number>();
  readonly #attempts = new Map<string, number>();
  readonly #waiters = new Set<(key: string) => void>();
  #depth = 0;

  constructor(options: WorkQueueOptions) {
    this.#options = options;
    this.#delayed = new Timetable({
      clock: options.clock,
      time: 'monotonic',
      onDue: (key) => this.add(key),
    });
  }

  /** Keys that could be worked on now. */
  get depth(): number {
    return this.#depth;
  }

  /** Has a key worked on; does nothing while it waits already. */
  add(key: string): void {
    if (this.#dirty.has(key)) return;
    this.#dirty.set(key, this.#options.clock.monotonic());
    if (!this.#running.has(key)) this.#enqueue(key);
    this.#options.onEvent({ type: 'queue-add', queue: this.#options.name, depth: this.#depth });
    this.#dispatch();
  }

  /** Adds a key after `delayMs`; of several delays of a key the earliest counts. */
  addAfter(key: string, delayMs: number): void {
    if (delayMs <= 0) return this.add(key);
    const atMs = this.#options.clock.monotonic() + delayMs;
    if (atMs < (this.#delayed.at(key) ?? Number.POSITIVE_INFINITY)) this.#delayed.set(key, atMs);
  }

  /** Adds a key after a delay that grows from one retry to the next, until {@link forget}. Returns the number of the retry. */
  retry(key: string, backoff: Backoff = this.#options.backoff ?? defaultBackoff): number {
    const attempt = (this.#attempts.get(key) ?? 0) + 1;
    this.#attempts.set(key, attempt);
    this.#options.onEvent({ type: 'queue-retry', queue: this.#options.name });
    this.addAfter(key, backoff(attempt));
    return attempt;
  }

  /** Starts the retries of a key from one again. */
  forget(key: string): void {
    this.#attempts.delete(key);
  }

  /** Takes the next key, waiting for one; {@link done} must follow. Rejects with `signal.reason`. */
  next(signal: AbortSignal): Promise<string> {
    return new Promise((resolve, reject) => {
      if (signal.aborted) return reject(signal.reason);
      const onAbort = (): void => {
        this.#waiters.delete(waiter);
        reject(signal.reason);
      };
      const waiter = (key: string): void => {
        signal.removeEventListener('abort', onAbort);
        resolve(key);
      };
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiters.add(waiter);
      this.#dispatch();
    });
  }

  /** Ends the work on a key. */
  done(key: string): void {
    const { clock, name, onEvent } = this.#options;
    const startedAt = this.#running.get(key);
    if (startedAt === undefined) return;
    this.#running.delete(key);
    this.#countRunning(this.#groupOf(key), -1);
    onEvent({ type: 'queue-done', queue: name, durationMs: clock.monotonic() - startedAt });
    if (this.#dirty.has(key)) this.#enqueue(key);
    this.#dispatch();
  }

  /** Moves delayed keys on when their time comes, until `signal` is aborted; then it just ends. */
  async run(signal: AbortSignal): Promise<void> {
    await this.#delayed.run(signal);
  }

  #groupOf(key: string): string {
    return this.#options.groupOf?.(key) ?? '';
  }

  #enqueue(key: string): void {
    const group = this.#groupOf(key);
    const fifo = this.#groups.get(group) ?? new Fifo();
    this.#groups.set(group, fifo);
    fifo.push(key);
    this.#depth += 1;
  }

  #countRunning(group: string, change: number): void {
    const count = (this.#runningPerGroup.get(group) ?? 0) + change;
    if (count === 0) this.#runningPerGroup.delete(group);
    else this.#runningPerGroup.set(group, count);
  }

  /** Gives keys to those who wait for one. */
  #dispatch(): void {
    for (const waiter of this.#waiters) {
      const key = this.#take();
      if (key === undefined) return;
      this.#waiters.delete(waiter);
      waiter(key);
    }
  }

  #take(): string | undefined {
    const { clock, name, onEvent, maxPerGroup = Number.POSITIVE_INFINITY } = this.#options;
    for (const [group, fifo] of this.#groups) {
      if ((this.#runningPerGroup.get(group) ?? 0) >= maxPerGroup) continue;
      const key = fifo.shift();
      // To the end of the line: groups take turns.
      this.#groups.delete(group);
      if (fifo.size > 0) this.#groups.set(group, fifo);
      if (key === undefined) continue;
      const now = clock.monotonic();
      const addedAt = this.#dirty.get(key) ?? now;
      this.#dirty.delete(key);
      this.#running.set(key, now);
      this.#countRunning(group, 1);
      this.#depth -= 1;
      onEvent({ type: 'queue-get', queue: name, depth: this.#depth, waitedMs: now - addedAt });
      return key;
    }
    return undefined;
  }
}
