/** Values that are remembered; what is equal is mostly near, in the same object or the one before. */
const maxRemembered = 4_096;
/** UTF-16 units of a text that is worth it: longer ones, such as annotations that hold whole manifests, are seldom there twice. */
const maxLength = 512;
/** Objects of more fields than this hardly ever equal another. */
const maxFields = 3;

const isSmallLeaf = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= maxLength : typeof value !== 'object' || value === null;

/** Answers the first of all equal values that it was given lately. */
const createMemory = () => {
  const first = new Map<string, unknown>();
  return (key: string, value: unknown): unknown => {
    const known = first.get(key);
    if (known !== undefined) return known;
    if (first.size >= maxRemembered) first.clear();
    first.set(key, value);
    return value;
  };
};

/**
 * Makes equal texts, and equal small objects of nothing but texts and numbers, one and the same in memory. Takes JSON that was just
 * parsed and that nobody else has: it is changed in place.
 *
 * A stream says the same again and again: the digest of an image under five tags and twice in each entry, when it came, by which policy.
 * A parser makes a text of its own of each, and what is kept of ten thousand streams is mostly that.
 */
export const createSharing = (): (<Value>(parsed: Value) => Value) => {
  const texts = createMemory();
  const objects = createMemory();

  const share = (value: unknown): unknown => {
    if (typeof value === 'string') return value.length <= maxLength ? texts(value, value) : value;
    if (typeof value !== 'object' || value === null) return value;
    const holder = value as Record<string, unknown>;
    const fields = Object.keys(holder);
    let isSmall = fields.length <= maxFields && !Array.isArray(value);
    for (const field of fields) {
      const shared = share(holder[field]);
      // Also where it is equal: two equal texts are told apart by nothing but their memory.
      holder[field] = shared;
      isSmall &&= isSmallLeaf(shared);
    }
    return isSmall ? objects(JSON.stringify(holder), holder) : holder;
  };

  return <Value>(parsed: Value) => share(parsed) as Value;
};
