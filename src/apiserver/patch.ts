import jsonPatch, { type Operation } from 'fast-json-patch';
import type { Resource } from '../api/resource.ts';
import { parseJsonBody } from './body.ts';
import { badRequestError, tooLargeError, unprocessableError, unsupportedMediaTypeError } from './errors.ts';
import { isJsonObject, type JsonObject } from './json.ts';
import { schemaOf } from './json-schema.ts';
import { mergePatch } from './merge-patch.ts';
import type { RequestBody } from './request.ts';
import { strategicMergePatch } from './strategic-merge-patch.ts';

/** Makes the patched object, still unchecked. Throws a StatusError where the patch does not fit. */
export type Patcher = (target: JsonObject) => unknown;

/** Server-side apply: no patch of what is there, but a statement of what is wanted. */
export const applyMediaType = 'application/apply-patch+yaml';

/** What PATCH accepts, in the order in which a 415 names them. */
export const patchMediaTypes = [
  'application/json-patch+json',
  'application/merge-patch+json',
  'application/strategic-merge-patch+json',
  applyMediaType,
] as const;

/** As in Kubernetes: more operations than that cost more than they can be worth. */
const maxOperations = 10_000;

const rejected = (error: unknown) =>
  unprocessableError('the server rejected our request due to an error in our request', error);

const jsonPatcher = (patch: unknown): Patcher => {
  if (!Array.isArray(patch)) throw badRequestError('a JSON patch is a list of operations');
  if (patch.length > maxOperations)
    throw tooLargeError(
      `The allowed maximum operations in a JSON patch is ${maxOperations}, got ${patch.length}`,
    );
  return (target) => {
    try {
      return jsonPatch.applyPatch(structuredClone(target), patch as readonly Operation[], true).newDocument;
    } catch (error) {
      throw rejected(error);
    }
  };
};

const objectOf = (patch: unknown): JsonObject => {
  if (!isJsonObject(patch)) throw badRequestError('the patch is not a JSON object');
  return patch;
};

/**
 * Reads the body of a PATCH.
 *
 * @throws {StatusError} 400 for a body that is no patch, 415 for a type of patch that is not served.
 */
export const parsePatch = ({ mediaType, bytes }: RequestBody, resource: Resource): Patcher => {
  switch (mediaType) {
    case 'application/json-patch+json':
      return jsonPatcher(parseJsonBody(bytes));
    case 'application/merge-patch+json': {
      const patch = objectOf(parseJsonBody(bytes));
      return (target) => mergePatch(target, patch);
    }
    case 'application/strategic-merge-patch+json': {
      const patch = objectOf(parseJsonBody(bytes));
      return (target) => strategicMergePatch(target, patch, schemaOf(resource));
    }
    default:
      throw unsupportedMediaTypeError(patchMediaTypes);
  }
};
