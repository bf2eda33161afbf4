/** Readings that are kept. */
const maxEntries = 8;

/**
 * Readings of the log that were used last. The past never changes, and watchers that are behind come one after the other to the same
 * places: read and decoded for each of them, a server that is late would become ever later.
 */
export class ReadingCache<Reading> {
  readonly #entries = new Map<string, Reading>();

  /** What was read there; undefined when that is not kept. */
  get(resource: string, after: number): Reading | undefined {
    return this.#entries.get(`${resource} ${after}`);
  }

  /** Keeps a reading in the place of the one that was kept for longest. */
  set(resource: string, after: number, reading: Reading): void {
    this.#entries.set(`${resource} ${after}`, reading);
    const oldest = this.#entries.keys().next();
    if (this.#entries.size > maxEntries && oldest.done !== true) this.#entries.delete(oldest.value);
  }
}
