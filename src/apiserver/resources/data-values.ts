import { type FieldError, type FieldPath, forbidden, invalid } from '../../api/field-error.ts';

/**
 * The rules that Secrets and ConfigMaps share.
 *
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/apis/core/validation/validation.go
 */

/** Bytes that all values of one object may have together. */
export const maxDataBytes = 1024 * 1024;

const keyExpression = /^[-._a-zA-Z0-9]+$/;
const maxKeyLength = 253;
const keyRule =
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.' " +
  "(e.g. 'key.name',  or 'KEY_NAME',  or 'key-name', regex used for validation is '[-._a-zA-Z0-9]+')";

const keyProblem = (key: string): string | undefined => {
  if (key.length > maxKeyLength) return `must be no more than ${maxKeyLength} characters`;
  if (!keyExpression.test(key)) return keyRule;
  if (key === '.') return "must not be '.'";
  if (key === '..') return "must not be '..'";
  return key.startsWith('..') ? "must not start with '..'" : undefined;
};

/** A key must be able to name a file. */
export const validateDataKeys = (
  data: Readonly<Record<string, unknown>>,
  path: FieldPath,
): readonly FieldError[] =>
  Object.keys(data).flatMap((key) => {
    const problem = keyProblem(key);
    return problem === undefined ? [] : [invalid(path.key(key), key, problem)];
  });

const base64Expression = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;

/** The message does not repeat the value: it may be a secret. */
export const validateBase64 = (
  data: Readonly<Record<string, string>>,
  path: FieldPath,
): readonly FieldError[] =>
  Object.entries(data)
    .filter(([, value]) => !base64Expression.test(value))
    .map(([key]) => invalid(path.key(key), '<contents redacted>', 'illegal base64 data'));

/** Bytes of values that are written in base64. */
export const decodedBytes = (data: Readonly<Record<string, string>>): number =>
  Object.values(data).reduce((sum, value) => sum + Buffer.from(value, 'base64').length, 0);

type Immutable = { readonly immutable?: boolean };

const sortedText = (data: Readonly<Record<string, string>> = {}): string =>
  JSON.stringify(Object.entries(data).toSorted(([a], [b]) => (a < b ? -1 : 1)));

/** What `immutable: true` forbids: changes of the named fields, and taking it back. */
export const validateImmutable = <Field extends string>(
  next: Immutable & { readonly [Name in Field]?: Readonly<Record<string, string>> },
  old: Immutable & { readonly [Name in Field]?: Readonly<Record<string, string>> },
  fields: readonly Field[],
  path: FieldPath,
): readonly FieldError[] => {
  if (old.immutable !== true) return [];
  const changed = fields.filter((field) => sortedText(next[field]) !== sortedText(old[field]));
  return [...(next.immutable === true ? [] : ['immutable']), ...changed].map((field) =>
    forbidden(path.child(field), 'field is immutable when `immutable` is set'),
  );
};
