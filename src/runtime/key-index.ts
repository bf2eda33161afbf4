/** Which keys refer to what, both ways; e.g. workloads by the streams that their triggers name. */
export class KeyIndex {
  readonly #referrers = new Map<string, Set<string>>();
  readonly #references = new Map<string, ReadonlySet<string>>();

  /** What `key` refers to, in place of what it referred to before. */
  set(key: string, references: Iterable<string>): void {
    const next = new Set(references);
    for (const reference of this.#references.get(key) ?? [])
      if (!next.has(reference)) this.#drop(reference, key);
    for (const reference of next) {
      const keys = this.#referrers.get(reference) ?? new Set();
      this.#referrers.set(reference, keys.add(key));
    }
    if (next.size === 0) this.#references.delete(key);
    else this.#references.set(key, next);
  }

  /** The keys that refer to `reference`. */
  referrers(reference: string): readonly string[] {
    return [...(this.#referrers.get(reference) ?? [])];
  }

  #drop(reference: string, key: string): void {
    const keys = this.#referrers.get(reference);
    keys?.delete(key);
    if (keys?.size === 0) this.#referrers.delete(reference);
  }
}
