import { decode } from '../api/decode.ts';
import { notSupported, rootPath } from '../api/field-error.ts';
import type { KubernetesObject } from '../api/meta.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import type { StatusError } from '../api/status.ts';
import { parseBody } from './body.ts';
import { badRequestError } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { ApiRequest } from './request.ts';
import { invalidOptionsError, type OptionsKind } from './request-options.ts';
import type { ResourceTarget } from './router.ts';

/** Lists and maps of metadata that Kubernetes does not tell from absent ones. */
const omittedWhenEmpty = ['labels', 'annotations', 'finalizers', 'ownerReferences'];

const isEmpty = (value: unknown): boolean =>
  typeof value === 'object' && value !== null && Object.keys(value).length === 0;

const withoutEmpty = (metadata: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(metadata).filter(([field, value]) => !omittedWhenEmpty.includes(field) || !isEmpty(value)),
  );

/** An object from outside with the fields that say what it is; the rest is as it came. */
const identify = (value: JsonObject, resource: Resource): KubernetesObject => {
  const expected = apiVersionOf(resource);
  const { apiVersion = expected, kind = resource.kind, metadata = {} } = value;
  if (kind !== resource.kind && kind !== '')
    throw badRequestError(
      `${String(kind)} in version ${JSON.stringify(String(apiVersion))} cannot be handled as a ${resource.kind}`,
    );
  if (apiVersion !== expected && apiVersion !== '')
    throw badRequestError(
      `the API version in the data (${String(apiVersion)}) does not match the expected API version (${expected})`,
    );
  if (!isJsonObject(metadata))
    throw badRequestError(`${resource.kind} in version "${resource.version}": metadata is not an object`);
  return {
    ...value,
    apiVersion: expected,
    kind: resource.kind,
    metadata: withoutEmpty(metadata) as KubernetesObject['metadata'],
  };
};

/** What happens to fields that the kind does not have: an error, a warning, or nothing; they are never kept. */
export type FieldValidation = 'Strict' | 'Warn' | 'Ignore';

/** @throws {StatusError} 422 for another value. `Warn` where nothing is asked for, as in Kubernetes. */
export const parseFieldValidation = (query: URLSearchParams, kind: OptionsKind): FieldValidation => {
  const value = query.get('fieldValidation') ?? '';
  if (value === '') return 'Warn';
  if (value === 'Strict' || value === 'Warn' || value === 'Ignore') return value;
  const error = notSupported(rootPath.child('fieldValidation'), value, ['Ignore', 'Warn', 'Strict']);
  throw invalidOptionsError(kind, error);
};

/** How a request is answered whose object does not fit its kind. */
export type Refuse = (resource: Resource, detail: string) => StatusError;

const cannotBeHandled: Refuse = ({ kind, version }, detail) =>
  badRequestError(`${kind} in version ${JSON.stringify(version)} cannot be handled as a ${kind}: ${detail}`);

export type DecodeOptions = {
  readonly fieldValidation: FieldValidation;
  readonly warn: (message: string) => void;
  /** Default: 400. */
  readonly refuse?: Refuse;
};

/**
 * Makes an object of the resource's kind from a parsed body.
 *
 * @throws {StatusError} 400 when it is none, or has unknown fields where the request is strict about them.
 */
export const decodeObject = (
  value: unknown,
  resource: Resource,
  { fieldValidation, warn, refuse = cannotBeHandled }: DecodeOptions,
): KubernetesObject => {
  if (!isJsonObject(value))
    throw badRequestError(
      `the object provided is unrecognized (must be of type ${resource.kind}): it is not a JSON object`,
    );
  const { value: object, problems } = decode<KubernetesObject>(resource.schema, identify(value, resource));
  const misfit = problems.find(({ kind }) => kind === 'type');
  if (misfit !== undefined) throw refuse(resource, misfit.message);
  const unknown = problems.map(({ message }) => message);
  if (fieldValidation === 'Strict' && unknown.length > 0)
    throw refuse(resource, `strict decoding error: ${unknown.join(', ')}`);
  if (fieldValidation === 'Warn') unknown.forEach(warn);
  return object;
};

/**
 * Reads the object that a request brings, into the namespace of the URL.
 *
 * @throws {StatusError} 400 or 415 for what is no object of the resource.
 */
export const readObject = (
  { body, query, storage, target, context }: ApiRequest,
  kind: OptionsKind,
): KubernetesObject => {
  const { resource } = storage;
  const fieldValidation = parseFieldValidation(query, kind);
  const object = decodeObject(parseBody(body), resource, { fieldValidation, warn: context.warn });
  return inNamespaceOf(object, target);
};

/**
 * Puts the object into the namespace of the URL.
 *
 * @throws {StatusError} 400 when it says that it belongs into another one.
 */
export const inNamespaceOf = (object: KubernetesObject, target: ResourceTarget): KubernetesObject => {
  const { namespace, ...metadata } = object.metadata;
  if (target.namespace === undefined) return { ...object, metadata };
  if (namespace !== undefined && namespace !== '' && namespace !== target.namespace)
    throw badRequestError(
      'the namespace of the provided object does not match the namespace sent on the request',
    );
  return { ...object, metadata: { ...metadata, namespace: target.namespace } };
};

/** @throws {StatusError} 400 when the object is not the one that the URL names. */
export const assertNamed = (object: KubernetesObject, target: ResourceTarget): void => {
  const { name = '' } = object.metadata as { readonly name?: string };
  if (name === '')
    throw badRequestError(
      `the name of the object (${target.name} based on URL) was undeterminable: name must be provided`,
    );
  if (name !== target.name)
    throw badRequestError(
      `the name of the object (${name}) does not match the name on the URL (${target.name})`,
    );
};
