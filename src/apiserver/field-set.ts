import { isJsonObject, type JsonObject } from './json.ts';

/**
 * A set of places in an object, as a tree: what somebody manages. `member` says that the place itself belongs to the set.
 *
 * The steps are those of FieldsV1: `f:name` a field, `k:{"name":"x"}` an item of a keyed list, `v:"x"` an item of a set.
 *
 * @see https://github.com/kubernetes-sigs/structured-merge-diff/blob/master/fieldpath/serialize-pe.go
 */
export type FieldSet = { readonly member: boolean; readonly children: ReadonlyMap<string, FieldSet> };

export const emptySet: FieldSet = { member: false, children: new Map() };
/** The place itself and nothing below it. */
export const leaf: FieldSet = { member: true, children: new Map() };

export const isEmptySet = ({ member, children }: FieldSet): boolean =>
  !member && [...children.values()].every(isEmptySet);

/** A set of these children, without the empty ones. */
export const setOf = (member: boolean, children: Iterable<readonly [string, FieldSet]>): FieldSet => ({
  member,
  children: new Map([...children].filter(([, child]) => !isEmptySet(child))),
});

type Rule = (inA: boolean, inB: boolean) => boolean;

const combine = (a: FieldSet, b: FieldSet, rule: Rule): FieldSet =>
  setOf(
    rule(a.member, b.member),
    [...new Set([...a.children.keys(), ...b.children.keys()])].map(
      (step) =>
        [step, combine(a.children.get(step) ?? emptySet, b.children.get(step) ?? emptySet, rule)] as const,
    ),
  );

export const union = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA || inB);
export const intersection = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && inB);
export const difference = (a: FieldSet, b: FieldSet): FieldSet => combine(a, b, (inA, inB) => inA && !inB);

export const equalSets = (a: FieldSet, b: FieldSet): boolean =>
  isEmptySet(combine(a, b, (inA, inB) => inA !== inB));

/** The set without a place and all that is below it. */
export const without = (set: FieldSet, [step, ...rest]: readonly string[]): FieldSet => {
  const child = step === undefined ? undefined : set.children.get(step);
  if (step === undefined || child === undefined) return set;
  const others = [...set.children].filter(([key]) => key !== step);
  return setOf(set.member, rest.length === 0 ? others : [...others, [step, without(child, rest)]]);
};

/** Every member, as its steps from the root. */
export const pathsOf = (set: FieldSet, at: readonly string[] = []): readonly (readonly string[])[] => [
  ...(set.member ? [at] : []),
  ...[...set.children].flatMap(([step, child]) => pathsOf(child, [...at, step])),
];

/** The set as it stands in `metadata.managedFields[].fieldsV1`; `.` is the place itself where it has children too. */
export const toFieldsV1 = ({ member, children }: FieldSet): JsonObject => ({
  ...(member && children.size > 0 ? { '.': {} } : {}),
  ...Object.fromEntries([...children].map(([step, child]) => [step, toFieldsV1(child)])),
});

/** Reads FieldsV1; what is no such thing counts as empty. A place without children is a member, except the root. */
export const fromFieldsV1 = (value: unknown, isRoot = true): FieldSet => {
  if (!isJsonObject(value)) return emptySet;
  const steps = Object.entries(value).filter(([step]) => step !== '.');
  const member = !isRoot && ('.' in value || steps.length === 0);
  return { member, children: new Map(steps.map(([step, child]) => [step, fromFieldsV1(child, false)])) };
};

const formatStep = (step: string): string => {
  const text = step.slice(2);
  if (step.startsWith('f:')) return `.${text}`;
  if (step.startsWith('v:')) return `[=${text}]`;
  const keys = JSON.parse(text) as JsonObject;
  return `[${Object.entries(keys)
    .map(([key, value]) => `${key}=${JSON.stringify(value)}`)
    .join(',')}]`;
};

/** A place as people read it: `.spec.tags[name="v1"].from`. */
export const formatPath = (steps: readonly string[]): string => steps.map(formatStep).join('');
