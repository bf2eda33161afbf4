import { forbidden, required, rootPath } from '../../api/field-error.ts';
import type { KubernetesObject } from '../../api/meta.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { invalidStatus, StatusError } from '../../api/status.ts';
import { applyNew, applyTo } from '../apply.ts';
import { parseYamlBody } from '../body.ts';
import { assertNamed, decodeObject, inNamespaceOf, parseFieldValidation } from '../decode.ts';
import {
  badRequestError,
  isAlreadyExists,
  isNotFound,
  methodNotAllowedError,
  unsupportedMediaTypeError,
} from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { applyMediaType, patchMediaTypes } from '../patch.ts';
import type { ApiAnswer, ApiRequest } from '../request.ts';
import { writeOf } from '../tracking.ts';
import { onlyGiven } from '../typed-value.ts';

const invalidOptions = (error: Parameters<typeof invalidStatus>[1][number]): StatusError =>
  new StatusError(invalidStatus({ group: 'meta.k8s.io', kind: 'PatchOptions', name: '' }, [error]));

/** @throws {StatusError} 422 for `force` with another kind of patch. */
export const assertNotForced = (query: URLSearchParams): void => {
  if (query.get('force') !== null)
    throw invalidOptions(forbidden(rootPath.child('force'), 'may not be specified for non-apply patch'));
};

/** Maps of metadata with nothing in them: no object keeps them, but who applies them owns them. */
const emptyMapsOf = (raw: unknown): JsonObject => {
  const metadata = isJsonObject(raw) && isJsonObject(raw['metadata']) ? raw['metadata'] : {};
  return Object.fromEntries(
    ['labels', 'annotations'].flatMap((name) => {
      const map = metadata[name];
      return isJsonObject(map) && Object.keys(map).length === 0 ? [[name, map]] : [];
    }),
  );
};

/** What the applier states: no field that it did not name, though decoding knows defaults. */
const readConfig = (request: ApiRequest): KubernetesObject => {
  const { storage, target, query, body, context } = request;
  const { resource } = storage;
  const raw = parseYamlBody(body.bytes);
  const fieldValidation = parseFieldValidation(query, 'PatchOptions');
  const decoded = decodeObject(raw, resource, { fieldValidation, warn: context.warn });
  assertNamed(decoded, target);
  if (decoded.metadata.managedFields !== undefined)
    throw badRequestError('metadata.managedFields must be nil');
  const given = onlyGiven(decoded, raw) as KubernetesObject;
  const metadata = { ...given.metadata, ...emptyMapsOf(raw) };
  return inNamespaceOf(
    { ...given, apiVersion: apiVersionOf(resource), kind: resource.kind, metadata },
    target,
  );
};

/** Fills in what decoding fills in. */
const complete = (object: KubernetesObject, { storage, context }: ApiRequest): KubernetesObject =>
  decodeObject(object, storage.resource, { fieldValidation: 'Ignore', warn: context.warn });

const createApplied = async (config: KubernetesObject, request: ApiRequest): Promise<ApiAnswer> => {
  const { storage, target, context, admitCreate } = request;
  if (storage.create === undefined) throw methodNotAllowedError();
  const namespace = target.namespace ?? '';
  await admitCreate(namespace, context);
  const object = complete(applyNew(config, writeOf(request, 'Apply')), request);
  return { kind: 'object', code: 201, object: await storage.create(object, namespace, context) };
};

const updateApplied = async (config: KubernetesObject, request: ApiRequest): Promise<ApiAnswer> => {
  const { storage, target, query, context } = request;
  if (storage.update === undefined) throw methodNotAllowedError();
  const options = { ...writeOf(request, 'Apply'), force: query.get('force') === 'true' };
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const { object, created } = await storage.update(
    key,
    (old) => complete(old === undefined ? applyNew(config, options) : applyTo(old, config, options), request),
    context,
  );
  return { kind: 'object', code: created ? 201 : 200, object };
};

/** PATCH with an apply: makes the object as the applier wants it, from nothing where there is none. */
export const apply = async (request: ApiRequest): Promise<ApiAnswer> => {
  const { storage, target, query } = request;
  if (storage.managesFields !== true)
    throw unsupportedMediaTypeError(patchMediaTypes.filter((type) => type !== applyMediaType));
  if ((query.get('fieldManager') ?? '') === '')
    throw invalidOptions(required(rootPath.child('fieldManager'), 'is required for apply patch'));
  const config = readConfig(request);
  try {
    return await updateApplied(config, request);
  } catch (error) {
    if (!isNotFound(error) || target.subresource !== undefined) throw error;
  }
  try {
    return await createApplied(config, request);
  } catch (error) {
    // Somebody else made it in the meantime: then it is an update after all.
    if (!isAlreadyExists(error)) throw error;
    return updateApplied(config, request);
  }
};
