import type { TSchema } from 'typebox';
import { decodeText } from './decode-text.ts';

/**
 * What does not fit about an input. A `type` problem makes it unusable (400). An `unknown` field was left out of the value: whether
 * that is an error, a warning or nothing is up to the request's `fieldValidation`.
 */
export type DecodeProblem = {
  readonly kind: 'type' | 'unknown';
  readonly path: string;
  readonly message: string;
};

/** `value` may be trusted to have its type only where `problems` holds none of kind `type`. */
export type Decoded<T> = { readonly value: T; readonly problems: readonly DecodeProblem[] };

/** The keywords that our schemas use; all else in them is documentation. */
type Schema = {
  readonly type?: string;
  readonly title?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: Schema;
  readonly items?: Schema;
  readonly nullable?: boolean;
  readonly enum?: readonly string[];
  readonly format?: string;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
};

/** Where decoding stands: the place in the input, and what was found so far. */
type Cursor = { readonly kind: string; readonly path: string; readonly problems: DecodeProblem[] };

/** Deeper than any real object; deeper input could exhaust the stack of whoever prints it. */
const maxDepth = 500;

const childOf = (cursor: Cursor, name: string): Cursor => ({
  ...cursor,
  path: cursor.path === '' ? name : `${cursor.path}.${name}`,
});
const itemOf = (cursor: Cursor, index: number): Cursor => ({ ...cursor, path: `${cursor.path}[${index}]` });

const report = (cursor: Cursor, message: string): undefined => {
  cursor.problems.push({ kind: 'type', path: cursor.path, message });
};

/** What JSON calls the type of a value, in the words of Go's decoder. */
const jsonTypeOf = (value: unknown): string => {
  if (Array.isArray(value)) return 'array';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number') return Number.isInteger(value) ? 'number' : `number ${value}`;
  return value === null ? 'null' : typeof value;
};

const goTypeOf = (schema: Schema): string => {
  switch (schema.type ?? '') {
    case 'boolean':
      return 'bool';
    case 'integer':
      return schema.format ?? 'int64';
    case 'number':
      return 'float64';
    case 'array':
      return `[]${goTypeOf(schema.items ?? {})}`;
    case 'object':
      return schema.additionalProperties === undefined
        ? (schema.title ?? 'object')
        : `map[string]${goTypeOf(schema.additionalProperties)}`;
    default:
      return schema.type ?? 'object';
  }
};

const reportType = (cursor: Cursor, schema: Schema, value: unknown): undefined => {
  const field = cursor.path === '' ? 'value' : `struct field ${cursor.kind}.${cursor.path}`;
  return report(
    cursor,
    `json: cannot unmarshal ${jsonTypeOf(value)} into Go ${field} of type ${goTypeOf(schema)}`,
  );
};

/** What Go's decoder would leave in a required field that the input lacks. */
const zeroOf = (schema: Schema): unknown => {
  if (schema.nullable === true) return null;
  switch (schema.type ?? '') {
    case 'boolean':
      return false;
    case 'integer':
    case 'number':
      return 0;
    case 'array':
      return [];
    case 'object':
      return Object.fromEntries(
        (schema.required ?? []).map((name) => [name, zeroOf(schema.properties?.[name] ?? {})]),
      );
    default:
      return '';
  }
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const isTooDeep = (value: unknown, depth = 0): boolean =>
  typeof value === 'object' &&
  value !== null &&
  (depth > maxDepth || Object.values(value).some((child) => isTooDeep(child, depth + 1)));

/** A value that is kept without knowing what it is. */
const decodeAny = (value: unknown, cursor: Cursor): unknown =>
  isTooDeep(value) ? report(cursor, 'json: exceeded max depth') : value;

const propertyOf = (schema: Schema, name: string): Schema | undefined =>
  schema.properties !== undefined && Object.hasOwn(schema.properties, name)
    ? schema.properties[name]
    : undefined;

/** A closed set of strings has no empty value: there the input has to choose. */
const zeroField = (schema: Schema, cursor: Cursor): unknown =>
  schema.enum === undefined ? zeroOf(schema) : report(cursor, `${cursor.path}: Required value`);

/** Object.fromEntries makes own properties of any name, `__proto__` too, so that no input reaches a prototype. */
const decodeFields = (
  schema: Schema,
  value: Readonly<Record<string, unknown>>,
  cursor: Cursor,
): Record<string, unknown> => {
  const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true;
  const entries = Object.entries(value).flatMap(([name, field]): readonly (readonly [string, unknown])[] => {
    const at = childOf(cursor, name);
    const property = propertyOf(schema, name) ?? schema.additionalProperties;
    if (property !== undefined) return [[name, decodeValue(property, field, at)]];
    if (keepsUnknown) return [[name, decodeAny(field, at)]];
    cursor.problems.push({ kind: 'unknown', path: at.path, message: `unknown field "${at.path}"` });
    return [];
  });
  const missing = (schema.required ?? [])
    .filter((name) => !Object.hasOwn(value, name) || value[name] === null)
    .map((name) => [name, zeroField(propertyOf(schema, name) ?? {}, childOf(cursor, name))] as const);
  return Object.fromEntries([...entries.filter(([, field]) => field !== undefined), ...missing]);
};

const decodeObject = (schema: Schema, value: unknown, cursor: Cursor): unknown =>
  isObject(value) ? decodeFields(schema, value, cursor) : reportType(cursor, schema, value);

const decodeArray = (schema: Schema, value: unknown, cursor: Cursor): unknown => {
  if (!Array.isArray(value)) return reportType(cursor, schema, value);
  const items = schema.items ?? {};
  return value.map((item: unknown, index) =>
    item === null && items.nullable !== true
      ? zeroOf(items)
      : decodeValue(items, item, itemOf(cursor, index)),
  );
};

const decodeInteger = (schema: Schema, value: unknown, cursor: Cursor): unknown => {
  if (!Number.isSafeInteger(value)) return reportType(cursor, schema, value);
  const isOutside = schema.format === 'int32' && Math.abs(Number(value)) > 2 ** 31 - 1;
  return isOutside ? reportType(cursor, schema, value) : value;
};

const decodeString = (schema: Schema, value: unknown, cursor: Cursor): unknown => {
  if (typeof value !== 'string') return reportType(cursor, schema, value);
  const problem = decodeText(value, schema);
  return problem === undefined ? value : report(cursor, problem);
};

/** The value as its schema wants it; undefined where the input said `null` of a field that cannot hold it, or did not fit. */
const decodeValue = (schema: Schema, value: unknown, cursor: Cursor): unknown => {
  if (value === null) return schema.nullable === true ? null : undefined;
  if (schema['x-kubernetes-int-or-string'] === true) {
    return typeof value === 'string' || Number.isSafeInteger(value)
      ? value
      : reportType(cursor, schema, value);
  }
  switch (schema.type ?? '') {
    case 'object':
      return decodeObject(schema, value, cursor);
    case 'array':
      return decodeArray(schema, value, cursor);
    case 'string':
      return decodeString(schema, value, cursor);
    case 'integer':
      return decodeInteger(schema, value, cursor);
    case 'boolean':
    case 'number':
      return typeof value === schema.type ? value : reportType(cursor, schema, value);
    default:
      return decodeAny(value, cursor);
  }
};

/**
 * Reads JSON from outside as what a schema describes. Fields that the schema does not know are left out and reported; `null` counts as
 * absent where the schema does not allow it; a required field that is missing gets the empty value of its type, as Go would leave it.
 * Never throws, whatever the input.
 */
export const decode = <T>(schema: TSchema, value: unknown): Decoded<T> => {
  const root = schema as Schema;
  const problems: DecodeProblem[] = [];
  const cursor: Cursor = { kind: root.title ?? 'object', path: '', problems };
  return { value: decodeObject(root, value, cursor) as T, problems };
};
