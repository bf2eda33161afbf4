import type { Managers } from './body.ts';
import type { Fields } from './kinds.ts';

/** The fields of an object, and who manages which: appliers by name, and `Update` for all that was written otherwise. */
export type Owned = { readonly fields: Fields; readonly managers: Managers };

const isBelow = (path: string, item: string): boolean => path.startsWith(`${item}/`);

const withoutPaths = (managers: Managers, gone: (path: string) => boolean): Managers =>
  new Map(
    [...managers]
      .map(([name, paths]) => [name, new Set([...paths].filter((path) => !gone(path)))] as const)
      .filter(([, paths]) => paths.size > 0),
  );

/** Fields that have another value, or are new. */
const changedPaths = (old: Fields, next: Fields): readonly string[] =>
  [...next].filter(([path, value]) => old.get(path) !== value).map(([path]) => path);

/** The object with these fields, written without apply: what changes belongs to the writer alone. */
export const updated = ({ fields, managers }: Owned, next: Fields): Owned => {
  const changed = new Set(changedPaths(fields, next));
  const left = withoutPaths(managers, (path) => changed.has(path) || !next.has(path));
  if (changed.size === 0) return { fields: next, managers: left };
  const own = new Set([...(left.get('Update') ?? []), ...changed]);
  return { fields: next, managers: new Map([...left, ['Update', own]]) };
};

/**
 * The object after `manager` applied the fields that it wants: others keep what they manage, and what it no longer wants and nobody else
 * manages goes, an item with all that is in it. Undefined where others manage something that would change.
 */
export const applied = (
  { fields, managers }: Owned,
  wanted: Fields,
  manager: string,
  force: boolean,
): Owned | undefined => {
  const others = new Map([...managers].filter(([name]) => name !== manager));
  const managed = [...others.values()].flatMap((paths) => [...paths]);
  const changed = new Set(changedPaths(fields, wanted));
  if (!force && managed.some((path) => changed.has(path))) return undefined;
  const dropped = [...(managers.get(manager) ?? [])].filter(
    (path) => !wanted.has(path) && !managed.includes(path),
  );
  const next = new Map(
    [...fields].filter(([path]) => !dropped.some((gone) => gone === path || isBelow(path, gone))),
  );
  for (const [path, value] of wanted) next.set(path, value);
  const left = withoutPaths(others, (path) => changed.has(path) || !next.has(path));
  const own = new Set(wanted.keys());
  return { fields: next, managers: own.size === 0 ? left : new Map([...left, [manager, own]]) };
};
