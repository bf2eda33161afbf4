import Type, { type Static, type TSchema } from 'typebox';
import type { DeepReadonly } from '../lib/deep-readonly.ts';

/**
 * Builders on top of TypeBox that stay within what a CustomResourceDefinition can hold (a structural schema): no unions but
 * `nullable`, maps as `additionalProperties`, lists with their map keys.
 *
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#specifying-a-structural-schema
 */

/** The value that a schema describes, read-only at every depth. */
export type Value<Schema extends TSchema> = DeepReadonly<Static<Schema>>;

/** Also allows `null`, which an API server would otherwise prune or refuse. */
export const nullable = <Schema extends TSchema>(schema: Schema) =>
  Type.Unsafe<Static<Schema> | null>({ ...schema, nullable: true });

/** A JSON object with free keys. */
export const mapOf = <Schema extends TSchema>(
  values: Schema,
  options: Readonly<Record<string, unknown>> = {},
) =>
  Type.Unsafe<Record<string, Static<Schema>>>({ type: 'object', additionalProperties: values, ...options });

/** A list whose items are told apart by `keys`: patches and server-side apply merge it by them. */
export const listByKey = <Schema extends TSchema>(items: Schema, keys: readonly string[]) =>
  Type.Array(items, { 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': [...keys] });

/** A closed set of strings. */
export const oneOf = <const Values extends readonly string[]>(
  values: Values,
  options: Readonly<Record<string, unknown>> = {},
) => Type.Unsafe<Values[number]>({ type: 'string', enum: [...values], ...options });

/** RFC 3339 time with second precision, in UTC. */
export const time = (options: Readonly<Record<string, unknown>> = {}) =>
  Type.String({ format: 'date-time', ...options });

/** 64-bit integer on the wire; values here stay far below 2^53. */
export const int64 = (options: Readonly<Record<string, unknown>> = {}) =>
  Type.Integer({ format: 'int64', ...options });

/** An object whose fields the server keeps without knowing them. */
export const openObject = (options: Readonly<Record<string, unknown>> = {}) =>
  Type.Unsafe<Record<string, unknown>>({
    type: 'object',
    'x-kubernetes-preserve-unknown-fields': true,
    ...options,
  });

/** A list whose items are told apart by `keys`, but by `patchKey` alone in a strategic merge patch: so it is in Kubernetes, for history. */
export const listByPatchKey = <Schema extends TSchema>(
  items: Schema,
  keys: readonly string[],
  patchKey: string,
) =>
  Type.Array(items, {
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': [...keys],
    'x-kubernetes-patch-merge-key': patchKey,
    'x-kubernetes-patch-strategy': 'merge',
  });

/** A number, or a string such as `25%`. */
export const intOrString = (options: Readonly<Record<string, unknown>> = {}) =>
  Type.Unsafe<number | string>({ 'x-kubernetes-int-or-string': true, ...options });

/**
 * A rule in CEL that a cluster checks where no server of ours does; `rule` says what must hold of `self`. Cheap ones only: the API server
 * refuses a CRD whose rules could cost too much.
 *
 * @see https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules
 */
export type CelRule = { readonly rule: string; readonly message: string; readonly fieldPath?: string };

/** The options of a schema whose values keep these rules. */
export const celRules = (...rules: readonly CelRule[]): Readonly<Record<string, unknown>> => ({
  'x-kubernetes-validations': rules,
});
