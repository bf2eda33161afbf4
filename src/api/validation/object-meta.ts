import { type FieldError, type FieldPath, forbidden, invalid, required, tooLong } from '../field-error.ts';
import type { ObjectMetaInput } from '../meta.ts';
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
];
