/** A Map that forgets what was set longest ago once it holds more than `maxSize` entries. */
export type BoundedMap<Value> = {
  readonly get: (key: string) => Value | undefined;
  readonly set: (key: string, value: Value) => void;
  readonly delete: (key: string) => void;
};

/** An empty {@link BoundedMap}. */
export const createBoundedMap = <Value>(maxSize: number): BoundedMap<Value> => {
  const map = new Map<string, Value>();
  return {
    get: (key) => map.get(key),
    set: (key, value) => {
      map.delete(key);
      map.set(key, value);
      if (map.size <= maxSize) return;
      // Looked for only then: a Map passes by all that was deleted before its first key.
      const [oldest] = map.keys();
      if (oldest !== undefined) map.delete(oldest);
    },
    delete: (key) => {
      map.delete(key);
    },
  };
};
