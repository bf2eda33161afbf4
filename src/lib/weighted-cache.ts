/** Keeps the values that were used last, as long as their weights add up to at most `maxWeight`. */
export const createWeightedCache = <Value>(maxWeight: number) => {
  // A Map keeps insertion order: the first entry is the one unused for longest.
  const entries = new Map<string, { readonly value: Value; readonly weight: number }>();
  let total = 0;

  const remove = (key: string): void => {
    total -= entries.get(key)?.weight ?? 0;
    entries.delete(key);
  };

  return {
    get: (key: string): Value | undefined => {
      const entry = entries.get(key);
      if (entry === undefined) return undefined;
      entries.delete(key);
      entries.set(key, entry);
      return entry.value;
    },
    /** A value that weighs more than everything may is not kept. */
    set: (key: string, value: Value, weight: number): void => {
      remove(key);
      if (weight > maxWeight) return;
      entries.set(key, { value, weight });
      total += weight;
      if (total <= maxWeight) return;
      for (const oldest of entries.keys()) {
        if (total <= maxWeight) break;
        remove(oldest);
      }
    },
  };
};
