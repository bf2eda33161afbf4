/** Texts and objects that are remembered; what is equal is mostly near, in the same object or the one before. */
const maxRemembered = 4_096;
/** UTF-16 units of a text that is worth it: longer ones, such as annotations that hold whole manifests, are seldom there twice. */
const maxLength = 512;
/** The same of an object with so many fields. */
const maxFields = 16;

const isShortLeaf = (value: unknown): boolean =>
  typeof value === 'string' ? value.length <= maxLength : typeof value !== 'object' || value === null;

/**
 * Makes equal texts, and equal small objects of nothing but texts and numbers, one and the same in memory. Takes JSON that was just parsed and
 * that nobody else has: it is changed in place.
 *
 * A stream says the same again and again: the digest of an image under five tags and twice in each entry, when it came, by which policy.
 * A parser makes a text of its own of each, and what is kept of ten thousand streams is mostly that.
 */
export const createSharing = (): (<Value>(parsed: Value) => Value) => {
  const remembered = new Map<string, unknown>();

  const remember = (key: string, value: unknown): unknown => {
    const known = remembered.get(key);
    if (known !== undefined) return known;
    if (remembered.size >= maxRemembered) remembered.clear();
    remembered.set(key, value);
    return value;
  };

  const share = (value: unknown): unknown => {
    if (typeof value === 'string') return value.length <= maxLength ? remember(`"${value}`, value) : value;
    if (typeof value !== 'object' || value === null) return value;
    const holder = value as Record<string, unknown>;
    const entries = Object.entries(holder);
    let isSmall = !Array.isArray(value) && entries.length <= maxFields;
    for (const [field, content] of entries) {
      holder[field] = share(content);
      isSmall &&= isShortLeaf(content);
    }
    return isSmall ? remember(JSON.stringify(holder), holder) : holder;
  };

  return <Value>(parsed: Value) => share(parsed) as Value;
};
