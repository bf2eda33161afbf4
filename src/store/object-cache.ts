import type { StoredObject } from './object.ts';

/** An object and the length of its JSON in UTF-16 units. */
export type SizedObject = { readonly object: StoredObject; readonly size: number };

/** UTF-16 units of JSON that are kept at most, which is some tens of megabytes of objects. */
const maxSize = 4 * 1024 * 1024;

/**
 * States of objects by revision, those that were used last. What is written is mostly what was read or written shortly before, and reading
 * it from its JSON again would be a good part of the write. A state never changes, so that an entry is never wrong.
 */
export class ObjectCache {
  readonly #entries = new Map<number, SizedObject>();
  #size = 0;

  get(revision: number): SizedObject | undefined {
    const entry = this.#entries.get(revision);
    if (entry === undefined) return undefined;
    // A map keeps the order of insertion: the first entry is the one that was not used for longest.
    this.#entries.delete(revision);
    this.#entries.set(revision, entry);
    return entry;
  }

  set(revision: number, entry: SizedObject): void {
    this.delete(revision);
    this.#entries.set(revision, entry);
    this.#size += entry.size;
    for (const oldest of this.#entries.keys()) {
      if (this.#size <= maxSize) break;
      this.delete(oldest);
    }
  }

  delete(revision: number): void {
    this.#size -= this.#entries.get(revision)?.size ?? 0;
    this.#entries.delete(revision);
  }
}
