import { emptySet, type FieldSet, leaf, setOf } from './field-set.ts';
import { fieldOf, isJsonObject, type JsonObject, jsonEquals } from './json.ts';
import { fieldSchema, itemSchema, type JsonSchema, listMergeOf } from './json-schema.ts';
import { inOrder } from './list-order.ts';

/**
 * Values seen through their schema: which parts of them are fields of their own, and which are one whole.
 *
 * After sigs.k8s.io/structured-merge-diff/typed. Where the schema says nothing, objects are granular and lists are one whole.
 */

type Part = { readonly value: unknown; readonly schema: JsonSchema | undefined };

/** The keys of an item, in the form of a FieldsV1 step; a key that it leaves out has its default. */
const keyStep = (
  item: unknown,
  keys: readonly string[],
  schema: JsonSchema | undefined,
): string | undefined => {
  if (!isJsonObject(item)) return undefined;
  const entries = keys
    .toSorted()
    .map((key) => [key, fieldOf(item, key) ?? fieldSchema(schema, key)?.['default']] as const)
    .filter(([, value]) => value !== undefined);
  return entries.length === 0 ? undefined : `k:${JSON.stringify(Object.fromEntries(entries))}`;
};

const listParts = (items: readonly unknown[], schema: JsonSchema | undefined) => {
  const merge = listMergeOf(schema);
  if (merge.kind === 'atomic') return undefined;
  const parts = new Map<string, Part>();
  for (const value of items) {
    const step =
      merge.kind === 'set' ? `v:${JSON.stringify(value)}` : keyStep(value, merge.keys, itemSchema(schema));
    // An item without its keys, or one that is there twice, has no place of its own: the list is one whole.
    if (step === undefined || parts.has(step)) return undefined;
    parts.set(step, { value, schema: merge.kind === 'set' ? undefined : itemSchema(schema) });
  }
  return parts;
};

/** The parts of a value by their steps; undefined for a value that is one whole. */
const partsOf = ({ value, schema }: Part): ReadonlyMap<string, Part> | undefined => {
  if (Array.isArray(value)) return listParts(value, schema);
  if (!isJsonObject(value) || schema?.['x-kubernetes-map-type'] === 'atomic') return undefined;
  const entries = Object.entries(value);
  if (entries.length === 0) return undefined;
  return new Map(
    entries.map(([key, field]) => [`f:${key}`, { value: field, schema: fieldSchema(schema, key) }]),
  );
};

const isItem = (step: string): boolean => !step.startsWith('f:');

const withItem = (step: string, set: FieldSet): readonly [string, FieldSet] => [
  step,
  isItem(step) ? { ...set, member: true } : set,
];

const setOfPart = (part: Part): FieldSet => {
  const parts = partsOf(part);
  return parts === undefined
    ? leaf
    : setOf(
        false,
        [...parts].map(([step, child]) => withItem(step, setOfPart(child))),
      );
};

/** Every field that a value holds. */
export const fieldSetOf = (value: unknown, schema: JsonSchema | undefined): FieldSet =>
  setOfPart({ value, schema });

/** What became of the fields of a value. */
export type Comparison = { readonly changed: FieldSet; readonly removed: FieldSet };

/** A null says that nothing is there, such as the generation of a tag that is still to be given one: nobody manages it. */
const present = (part: Part | undefined): Part | undefined => (part?.value === null ? undefined : part);

const compareParts = (oldPart: Part | undefined, nextPart: Part | undefined): Comparison => {
  const old = present(oldPart);
  const next = present(nextPart);
  if (old === undefined)
    return { changed: next === undefined ? emptySet : setOfPart(next), removed: emptySet };
  if (next === undefined) return { changed: emptySet, removed: setOfPart(old) };
  const oldParts = partsOf(old);
  const nextParts = partsOf(next);
  if (oldParts === undefined && nextParts === undefined)
    return { changed: jsonEquals(old.value, next.value) ? emptySet : leaf, removed: emptySet };
  if (oldParts === undefined || nextParts === undefined)
    return { changed: setOfPart(next), removed: oldParts === undefined ? emptySet : setOfPart(old) };
  const steps = [...new Set([...oldParts.keys(), ...nextParts.keys()])];
  const children = steps.map((step) => {
    const isNew = !oldParts.has(step);
    const isGone = !nextParts.has(step);
    const { changed, removed } = compareParts(oldParts.get(step), nextParts.get(step));
    return {
      changed: isNew ? withItem(step, changed) : ([step, changed] as const),
      removed: isGone ? withItem(step, removed) : ([step, removed] as const),
    };
  });
  return {
    changed: setOf(
      false,
      children.map(({ changed }) => changed),
    ),
    removed: setOf(
      false,
      children.map(({ removed }) => removed),
    ),
  };
};

/** Which fields differ: added or modified ones, and those that are gone. */
export const compareValues = (old: unknown, next: unknown, schema: JsonSchema): Comparison =>
  compareParts({ value: old, schema }, { value: next, schema });

const mergeLists = (
  live: readonly unknown[],
  applied: readonly unknown[],
  schema: JsonSchema | undefined,
): readonly unknown[] => {
  const liveParts = listParts(live, schema);
  const appliedParts = listParts(applied, schema);
  if (liveParts === undefined || appliedParts === undefined) return applied;
  const merge = listMergeOf(schema);
  const merged = [...new Set([...liveParts.keys(), ...appliedParts.keys()])].map((step) =>
    mergeApplied(liveParts.get(step)?.value, appliedParts.get(step)?.value, itemSchema(schema)),
  );
  const identity = (item: unknown): string =>
    (merge.kind === 'map' ? keyStep(item, merge.keys, itemSchema(schema)) : undefined) ??
    JSON.stringify(item);
  return inOrder(merged, live, applied, identity);
};

/** The live value with what was applied in it; lists that have keys keep the items that were not. */
export const mergeApplied = (live: unknown, applied: unknown, schema: JsonSchema | undefined): unknown => {
  if (applied === undefined) return live;
  if (Array.isArray(live) && Array.isArray(applied)) return mergeLists(live, applied, schema);
  const isAtomic = schema?.['x-kubernetes-map-type'] === 'atomic';
  if (!isJsonObject(live) || !isJsonObject(applied) || isAtomic) return applied;
  return Object.fromEntries(
    [...new Set([...Object.keys(live), ...Object.keys(applied)])].map((key) => [
      key,
      mergeApplied(fieldOf(live, key), fieldOf(applied, key), fieldSchema(schema, key)),
    ]),
  );
};

const isHollow = (value: unknown): boolean =>
  Array.isArray(value) ? value.length === 0 : isJsonObject(value) && Object.keys(value).length === 0;

/**
 * What is left of a part that was managed; undefined where nothing is. An item of a list goes unless somebody keeps the item itself: who
 * manages a field in it alone does not hold it, as in Kubernetes.
 */
const prunePart = (
  { value, schema }: Part,
  managed: FieldSet,
  kept: FieldSet | undefined,
  isItem: boolean,
): { readonly value: unknown } | undefined => {
  if (managed.member && (kept === undefined || (isItem && !kept.member))) return undefined;
  const left = pruneValue(value, schema, managed, kept ?? emptySet);
  // A container goes with the last thing in it that somebody stated; what others put there without stating it stays.
  return kept === undefined && isHollow(left) ? undefined : { value: left };
};

/** The value without the places that were `managed` before and that nobody keeps. */
export const pruneValue = (
  value: unknown,
  schema: JsonSchema | undefined,
  managed: FieldSet,
  kept: FieldSet,
): unknown => {
  const parts = partsOf({ value, schema });
  if (parts === undefined) return value;
  const left = [...parts].flatMap(([step, part]): readonly (readonly [string, unknown])[] => {
    const managedChild = managed.children.get(step);
    if (managedChild === undefined) return [[step, part.value]];
    const pruned = prunePart(part, managedChild, kept.children.get(step), !step.startsWith('f:'));
    return pruned === undefined ? [] : [[step, pruned.value]];
  });
  return Array.isArray(value)
    ? left.map(([, item]) => item)
    : Object.fromEntries(left.map(([step, field]) => [step.slice('f:'.length), field]));
};

/** What `decoded` has at the places that `raw` names: decoding fills in fields that nobody asked for. */
export const onlyGiven = (decoded: unknown, raw: unknown): unknown => {
  if (Array.isArray(decoded) && Array.isArray(raw))
    return decoded.map((item, index) => onlyGiven(item, raw[index]));
  if (!isJsonObject(decoded) || !isJsonObject(raw)) return decoded;
  return Object.fromEntries(
    Object.entries(decoded as JsonObject)
      .filter(([key]) => Object.hasOwn(raw, key))
      .map(([key, field]) => [key, onlyGiven(field, fieldOf(raw, key))]),
  );
};
