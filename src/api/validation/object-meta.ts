import { type FieldError, type FieldPath, forbidden, invalid, required, tooLong } from '../field-error.ts';
import type { ObjectMetaInput } from '../meta.ts';
import { foregroundFinalizer, orphanFinalizer } from '../owner-references.ts';
import { dns1123LabelRule, labelValueRule, type NameRule, qualifiedNameRule } from './names.ts';

/** Bytes that all annotations of an object may have together. */
const maxAnnotationsBytes = 256 * 1024;

const broken = (rule: NameRule, text: string, path: FieldPath, shown = text): readonly FieldError[] =>
  rule(text).map((reason) => invalid(path, shown, reason));

const validateName = (meta: ObjectMetaInput, rule: NameRule, path: FieldPath): readonly FieldError[] => {
  const { name = '', generateName = '' } = meta;
  if (name !== '') return broken(rule, name, path.child('name'));
  return generateName === '' ? [required(path.child('name'), 'name or generateName is required')] : [];
};

const validateNamespace = (
  meta: ObjectMetaInput,
  isNamespaced: boolean,
  path: FieldPath,
): readonly FieldError[] => {
  const { namespace = '' } = meta;
  if (!isNamespaced) return namespace === '' ? [] : [forbidden(path, 'not allowed on this type')];
  return namespace === '' ? [required(path)] : broken(dns1123LabelRule, namespace, path);
};

const validateAnnotations = (meta: ObjectMetaInput, path: FieldPath): readonly FieldError[] => {
  const entries = Object.entries(meta.annotations ?? {});
  const bytes = entries.reduce(
    (sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value),
    0,
  );
  return [
    // Keys are compared in lower case: the original lets annotations of old keep their capitals.
    ...entries.flatMap(([key]) => broken(qualifiedNameRule, key.toLowerCase(), path, key)),
    ...(bytes > maxAnnotationsBytes ? [tooLong(path, maxAnnotationsBytes)] : []),
  ];
};

const validateOwners = (meta: ObjectMetaInput, path: FieldPath): readonly FieldError[] => {
  const owners = meta.ownerReferences ?? [];
  const missing = owners.flatMap((owner, index) =>
    (['apiVersion', 'kind', 'name', 'uid'] as const)
      .filter((field) => owner[field] === '')
      .map((field) => required(path.key(index).child(field), 'must not be empty')),
  );
  const [first, second] = owners.filter(({ controller }) => controller === true);
  if (first === undefined || second === undefined) return missing;
  const twice = `Only one reference can have Controller set to true. Found "true" in references for ${first.name} and ${second.name}`;
  return [...missing, invalid(path, owners, twice)];
};

/** Finalizers that are Kubernetes' own, and have no domain in front. */
const standardFinalizers: readonly string[] = ['kubernetes', orphanFinalizer, foregroundFinalizer];

const validateFinalizers = ({ finalizers = [] }: ObjectMetaInput, path: FieldPath): readonly FieldError[] => {
  const unfit = finalizers.flatMap((name, index) => {
    const at = path.key(index);
    const misspelled = broken(qualifiedNameRule, name, at);
    if (misspelled.length > 0 || name.includes('/') || standardFinalizers.includes(name)) return misspelled;
    return [invalid(at, name, 'name is neither a standard finalizer name nor is it fully qualified')];
  });
  const isTorn = finalizers.includes(orphanFinalizer) && finalizers.includes(foregroundFinalizer);
  const both = `finalizer ${orphanFinalizer} and ${foregroundFinalizer} cannot be both set`;
  return isTorn ? [...unfit, invalid(path, finalizers, both)] : unfit;
};

/** An object keeps its identity; the rest of what only the server decides is filled in before anything is looked at. */
export const validateSameUid = (
  next: ObjectMetaInput,
  old: ObjectMetaInput,
  path: FieldPath,
): readonly FieldError[] =>
  (next.uid ?? '') === (old.uid ?? '') ? [] : [invalid(path.child('uid'), next.uid, 'field is immutable')];

/**
 * What every object's metadata must be like, whatever the kind.
 *
 * @see k8s.io/apimachinery `pkg/api/validation/objectmeta.go`
 */
export const validateObjectMeta = (
  meta: ObjectMetaInput,
  { isNamespaced, nameRule }: { readonly isNamespaced: boolean; readonly nameRule: NameRule },
  path: FieldPath,
): readonly FieldError[] => [
  ...validateName(meta, nameRule, path),
  ...validateNamespace(meta, isNamespaced, path.child('namespace')),
  ...Object.entries(meta.labels ?? {}).flatMap(([key, value]) => [
    ...broken(qualifiedNameRule, key, path.child('labels')),
    ...broken(labelValueRule, value, path.child('labels')),
  ]),
  ...validateAnnotations(meta, path.child('annotations')),
  ...validateOwners(meta, path.child('ownerReferences')),
  ...validateFinalizers(meta, path.child('finalizers')),
];
