import type { AnyObject } from './object.ts';
import type { FieldRequirement, LabelRequirement, Selection } from './store.ts';

/** True for objects that the labels and fields of a selection select. */
export type Matcher = (object: AnyObject) => boolean;

/** Undefined when the selection names no labels and no fields, so that everything matches. The namespace is left to the caller. */
export const createMatcher = ({ labels = [], fields = [] }: Selection): Matcher | undefined =>
  labels.length === 0 && fields.length === 0
    ? undefined
    : (object) => matchesLabels(labels, object) && matchesFields(fields, object);

const isInteger = (value: string | undefined): value is string =>
  value !== undefined && /^-?\d+$/.test(value);

/** True when all requirements hold. A missing label satisfies `NotIn`, as in Kubernetes. */
export const matchesLabels = (
  requirements: readonly LabelRequirement[],
  { metadata: { labels = {} } }: AnyObject,
): boolean =>
  requirements.every((requirement) => {
    const value = Object.hasOwn(labels, requirement.key) ? labels[requirement.key] : undefined;
    switch (requirement.operator) {
      case 'Exists':
        return value !== undefined;
      case 'DoesNotExist':
        return value === undefined;
      case 'In':
        return value !== undefined && requirement.values.includes(value);
      case 'NotIn':
        return value === undefined || !requirement.values.includes(value);
      case 'Gt':
        return isInteger(value) && BigInt(value) > BigInt(requirement.value);
      case 'Lt':
        return isInteger(value) && BigInt(value) < BigInt(requirement.value);
    }
  });

/** True when all requirements hold. A missing field counts as the empty string. */
export const matchesFields = (requirements: readonly FieldRequirement[], object: AnyObject): boolean =>
  requirements.every(({ path, operator, value }) => (fieldAt(object, path) === value) === (operator === '='));

const fieldAt = (object: unknown, path: string): string => {
  let value = object;
  for (const field of path.split('.')) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, field)) return '';
    value = (value as Readonly<Record<string, unknown>>)[field];
  }
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean'
    ? String(value)
    : '';
};
