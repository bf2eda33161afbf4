import type { KubernetesObject } from '../api/meta.ts';
import { apiVersionOf, type Resource } from '../api/resource.ts';
import { badRequestError } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import type { ResourceTarget } from './router.ts';

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
    metadata: metadata as KubernetesObject['metadata'],
  };
};

/**
 * Makes an object of the resource's kind from a parsed body.
 *
 * @throws {StatusError} 400 when it is none.
 */
export const decodeObject = (value: unknown, resource: Resource): KubernetesObject => {
  if (!isJsonObject(value))
    throw badRequestError(
      `the object provided is unrecognized (must be of type ${resource.kind}): it is not a JSON object`,
    );
  return identify(value, resource);
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
