import type { MirrorSet } from './mirror-sets.ts';
import type { Location } from './prefix.ts';
import type { Mirror, RegistryRule } from './registries.ts';

/** One set of rules, or why there can be none. */
export type MergedRules = { readonly rules: readonly RegistryRule[]; readonly problems: readonly string[] };

/**
 * One order that agrees with all the lists, as far as they agree with each other: (b, c) and (a, b) give a, b, c. Where nothing
 * decides, what was named first comes first.
 */
export const mergeOrders = <Item>(lists: readonly (readonly Item[])[]): readonly Item[] => {
  const left = new Set(lists.flat());
  const ordered: Item[] = [];
  const hasPredecessor = (item: Item): boolean =>
    lists.some((list) => list.slice(0, Math.max(0, list.indexOf(item))).some((before) => left.has(before)));
  while (left.size > 0) {
    const [first] = left;
    // Lists that contradict each other leave nothing without a predecessor.
    const next = [...left].find((item) => !hasPredecessor(item)) ?? (first as Item);
    left.delete(next);
    ordered.push(next);
  }
  return ordered;
};

const mirrorsOf = (sets: readonly MirrorSet[], use: MirrorSet['use']): readonly Mirror[] =>
  mergeOrders<Location>(sets.filter((set) => set.use === use).map(({ mirrors }) => mirrors)).map(
    (location) => ({ location, insecure: false, use }),
  );

/**
 * Puts files together: of `registries.conf` files a later one replaces what an earlier one says of the same prefix; mirror sets
 * add to it.
 */
export const mergeRules = (
  files: readonly (readonly RegistryRule[])[],
  sets: readonly MirrorSet[],
): MergedRules => {
  const rules = new Map<string, RegistryRule>();
  const problems: string[] = [];
  for (const rule of files.flat()) rules.set(rule.prefix.text, rule);
  for (const [text, group] of Map.groupBy(sets, ({ source }) => source.text)) {
    const [first] = group;
    if (first === undefined) continue;
    if (group.some(({ neverContactSource }) => neverContactSource !== first.neverContactSource)) {
      problems.push(`${text}: one mirror set says NeverContactSource, another AllowContactingSource`);
    }
    const known = rules.get(text);
    rules.set(text, {
      prefix: first.source,
      location: known?.location,
      insecure: known?.insecure ?? false,
      blocked: first.neverContactSource || (known?.blocked ?? false),
      mirrors: [...(known?.mirrors ?? []), ...mirrorsOf(group, 'digest'), ...mirrorsOf(group, 'tag')],
    });
  }
  return { rules: [...rules.values()], problems };
};
