/** Tells the items of a list apart. */
export type Identity = (item: unknown) => string;

/** Puts `items` into the order of `order`; items that are not in there stay where they stood in `before` relative to the others. */
export const inOrder = (
  items: readonly unknown[],
  before: readonly unknown[],
  order: readonly unknown[],
  identity: Identity,
): readonly unknown[] => {
  const rank = new Map(order.map((item, index) => [identity(item), index]));
  const position = new Map(before.map((item, index) => [identity(item), index]));
  const ordered = items
    .filter((item) => rank.has(identity(item)))
    .toSorted((a, b) => (rank.get(identity(a)) ?? 0) - (rank.get(identity(b)) ?? 0));
  const others = items.filter((item) => !rank.has(identity(item)));
  const result: unknown[] = [];
  // Merges the two sequences: an item of `order` goes first only while it stood before the other one. New ones stand behind.
  while (ordered.length > 0 && others.length > 0) {
    const nextAt = position.get(identity(ordered[0]));
    const otherAt = position.get(identity(others[0]));
    const isNextFirst = nextAt !== undefined && (otherAt === undefined || nextAt < otherAt);
    result.push(isNextFirst ? ordered.shift() : others.shift());
  }
  return [...result, ...ordered, ...others];
};
