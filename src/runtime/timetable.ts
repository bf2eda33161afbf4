import type { Clock } from '../lib/clock.ts';

type Entry = { readonly key: string; readonly atMs: number };

export type TimetableOptions = {
  readonly clock: Clock;
  /** Which time the table is in: `monotonic` for delays, `wall` for times of day. */
  readonly time: 'monotonic' | 'wall';
  /** Called once per key when its time has come, earliest first. */
  readonly onDue: (key: string) => void;
  /** Called when the time of day was set, before anything comes due by it: times that were given may mean nothing any more. */
  readonly onClockSet?: (() => void) | undefined;
};

/** Wall time may jump (a laptop wakes, NTP steps): a long sleep is cut, so that a jump is noticed. */
const longestSleepMs = 60_000;
/** Less is what clocks are put right by all the time. */
const smallestJumpMs = 60_000;

/** Keys with one time each, in a heap: a single sleeper serves any number of them. */
export class Timetable {
  readonly #clock: Clock;
  readonly #now: () => number;
  readonly #onDue: (key: string) => void;
  readonly #onClockSet: () => void;
  /** What the time of day is ahead of the clock that never jumps. */
  #aheadMs: number;
  readonly #times = new Map<string, number>();
  /** Binary heap by time; entries that `#times` no longer holds are skipped when they surface. */
  #heap: Entry[] = [];
  #alarm = new AbortController();

  constructor({ clock, time, onDue, onClockSet = () => undefined }: TimetableOptions) {
    this.#clock = clock;
    this.#onClockSet = onClockSet;
    this.#aheadMs = clock.now() - clock.monotonic();
    this.#now = time === 'wall' ? clock.now : clock.monotonic;
    this.#onDue = onDue;
  }

  /** Keys that wait. */
  get size(): number {
    return this.#times.size;
  }

  /** The time of a key, in milliseconds; undefined where it has none. */
  at(key: string): number | undefined {
    return this.#times.get(key);
  }

  /** Gives a key its time, in place of an earlier one. */
  set(key: string, atMs: number): void {
    if (this.#times.get(key) === atMs) return;
    this.#times.set(key, atMs);
    if (this.#heap.length > 2 * this.#times.size + 64) this.#rebuild();
    else this.#push({ key, atMs });
    if (this.#heap[0]?.key === key) this.#alarm.abort();
  }

  delete(key: string): void {
    this.#times.delete(key);
  }

  /** Calls back for every key that comes due, until `signal` is aborted; then it just ends. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = (): void => this.#alarm.abort();
    signal.addEventListener('abort', stop);
    try {
      while (!signal.aborted) {
        this.#alarm = new AbortController();
        this.#noticeJump();
        for (let key = this.#takeDue(); key !== undefined; key = this.#takeDue()) this.#onDue(key);
        await this.#wait(this.#alarm.signal);
      }
    } finally {
      signal.removeEventListener('abort', stop);
    }
  }

  #noticeJump(): void {
    const aheadMs = this.#clock.now() - this.#clock.monotonic();
    if (Math.abs(aheadMs - this.#aheadMs) < smallestJumpMs) return;
    this.#aheadMs = aheadMs;
    this.#onClockSet();
  }

  /** Sleeps until the earliest time, or until the alarm says that it changed. */
  async #wait(alarm: AbortSignal): Promise<void> {
    const earliest = this.#peek();
    const delayMs = earliest === undefined ? longestSleepMs : earliest.atMs - this.#now();
    try {
      await this.#clock.sleep(Math.min(Math.max(delayMs, 0), longestSleepMs), alarm);
    } catch (error) {
      if (!alarm.aborted) throw error;
    }
  }

  #takeDue(): string | undefined {
    const earliest = this.#peek();
    if (earliest === undefined || earliest.atMs > this.#now()) return undefined;
    this.#pop();
    this.#times.delete(earliest.key);
    return earliest.key;
  }

  /** The earliest entry that still counts. */
  #peek(): Entry | undefined {
    for (let first = this.#heap[0]; first !== undefined; first = this.#heap[0]) {
      if (this.#times.get(first.key) === first.atMs) return first;
      this.#pop();
    }
    return undefined;
  }

  #rebuild(): void {
    this.#heap = [];
    for (const [key, atMs] of this.#times) this.#push({ key, atMs });
  }

  #push(entry: Entry): void {
    const heap = this.#heap;
    let index = heap.push(entry) - 1;
    for (let parent = (index - 1) >> 1; index > 0; parent = (index - 1) >> 1) {
      const above = heap[parent];
      if (above === undefined || above.atMs <= entry.atMs) break;
      heap[index] = above;
      index = parent;
    }
    heap[index] = entry;
  }

  #pop(): void {
    const heap = this.#heap;
    const last = heap.pop();
    if (last === undefined || heap.length === 0) return;
    let index = 0;
    for (;;) {
      const left = 2 * index + 1;
      const child =
        (heap[left + 1]?.atMs ?? Number.POSITIVE_INFINITY) < (heap[left]?.atMs ?? 0) ? left + 1 : left;
      const below = heap[child];
      if (below === undefined || below.atMs >= last.atMs) break;
      heap[index] = below;
      index = child;
    }
    heap[index] = last;
  }
}
