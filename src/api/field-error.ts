/** Where in an object something stands, printed as Kubernetes does: `spec.tags[v1].from.name`. */
export type FieldPath = {
  readonly child: (name: string) => FieldPath;
  /** A list index (number) or the key of a map or keyed list (string). */
  readonly key: (key: string | number) => FieldPath;
  readonly toString: () => string;
};

const pathOf = (text: string): FieldPath => ({
  child: (name) => pathOf(text === '' ? name : `${text}.${name}`),
  key: (key) => pathOf(`${text}[${key}]`),
  toString: () => text,
});

/** The path of the object itself. */
export const rootPath: FieldPath = pathOf('');

/** The reasons that Kubernetes knows; `type` is what stands in `status.details.causes[].reason`. */
export type FieldErrorType =
  | 'FieldValueRequired'
  | 'FieldValueInvalid'
  | 'FieldValueDuplicate'
  | 'FieldValueNotFound'
  | 'FieldValueNotSupported'
  | 'FieldValueForbidden'
  | 'FieldValueTooLong'
  | 'FieldValueTooMany'
  | 'FieldValueTypeInvalid'
  | 'InternalError';

/**
 * One thing that is wrong with an object.
 *
 * @see k8s.io/apimachinery/pkg/util/validation/field: `message` is the text after the path, e.g. `Invalid value: "x": must be …`.
 */
export type FieldError = { readonly type: FieldErrorType; readonly path: string; readonly message: string };

const quote = (value: unknown): string =>
  typeof value === 'object' && value !== null ? JSON.stringify(value) : (JSON.stringify(value) ?? 'null');
const detailOf = (detail: string): string => (detail === '' ? '' : `: ${detail}`);

export const required = (path: FieldPath, detail = ''): FieldError => ({
  type: 'FieldValueRequired',
  path: path.toString(),
  message: `Required value${detailOf(detail)}`,
});
export const invalid = (path: FieldPath, value: unknown, detail: string): FieldError => ({
  type: 'FieldValueInvalid',
  path: path.toString(),
  message: `Invalid value: ${quote(value)}${detailOf(detail)}`,
});
export const notFound = (path: FieldPath, value: unknown): FieldError => ({
  type: 'FieldValueNotFound',
  path: path.toString(),
  message: `Not found: ${quote(value)}`,
});
export const duplicate = (path: FieldPath, value: unknown): FieldError => ({
  type: 'FieldValueDuplicate',
  path: path.toString(),
  message: `Duplicate value: ${quote(value)}`,
});
export const forbidden = (path: FieldPath, detail: string): FieldError => ({
  type: 'FieldValueForbidden',
  path: path.toString(),
  message: `Forbidden${detailOf(detail)}`,
});
export const notSupported = (path: FieldPath, value: unknown, supported: readonly string[]): FieldError => ({
  type: 'FieldValueNotSupported',
  path: path.toString(),
  message: `Unsupported value: ${quote(value)}: supported values: ${supported.map(quote).join(', ')}`,
});
export const tooLong = (path: FieldPath, maxBytes: number): FieldError => ({
  type: 'FieldValueTooLong',
  path: path.toString(),
  message: `Too long: may not be more than ${maxBytes} bytes`,
});
/** A rule that broke while it looked at a nested object; the original folds such failures into the outer one. */
export const internal = (path: FieldPath, detail: string): FieldError => ({
  type: 'InternalError',
  path: path.toString(),
  message: `Internal error${detailOf(detail)}`,
});

/** `path: message`, and `[]: message` for the object itself, as `kubectl` prints causes. */
export const formatFieldError = (error: FieldError): string =>
  `${error.path === '' ? '[]' : error.path}: ${error.message}`;
