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
      const [oldest] = map.keys();
      if (map.size > maxSize && oldest !== undefined) map.delete(oldest);
    },
    delete: (key) => {
      map.delete(key);
    },
  };
};
