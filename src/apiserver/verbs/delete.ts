import { parseBody } from '../body.ts';
import { badRequestError, methodNotAllowedError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { parseListOptions } from '../list-options.ts';
import type { RequestBody, Verb } from '../request.ts';
import { storeListOptions } from './list.ts';

type Preconditions = { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined };

const stringOf = (record: JsonObject, name: string): string | undefined => {
  const value = record[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw badRequestError(`preconditions.${name} is not a string`);
  return value;
};

/** How the options of a DELETE spell "delete the dependants"; all are accepted and have the same effect here. */
const propagationPolicies = ['Orphan', 'Background', 'Foreground'];

type DeleteBody = { readonly preconditions: Preconditions; readonly dryRun: boolean };

const parseDeleteBody = (body: RequestBody): DeleteBody => {
  if (body.bytes.length === 0) return { preconditions: {}, dryRun: false };
  const value = parseBody(body);
  if (!isJsonObject(value)) throw badRequestError('the body of the request is not DeleteOptions');
  const { preconditions = {}, propagationPolicy, dryRun } = value;
  if (!isJsonObject(preconditions)) throw badRequestError('preconditions is not an object');
  if (propagationPolicy !== undefined && !propagationPolicies.some((policy) => policy === propagationPolicy))
    throw badRequestError(`propagationPolicy is none of ${propagationPolicies.join(', ')}`);
  return {
    preconditions: {
      uid: stringOf(preconditions, 'uid'),
      resourceVersion: stringOf(preconditions, 'resourceVersion'),
    },
    dryRun: Array.isArray(dryRun) && dryRun.includes('All'),
  };
};

/** DELETE of one object. */
export const deleteOne: Verb = async ({ storage, target, body, context }) => {
  if (storage.delete === undefined) throw methodNotAllowedError();
  const { preconditions, dryRun } = parseDeleteBody(body);
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const object = await storage.delete(key, preconditions, { ...context, dryRun: context.dryRun || dryRun });
  return { kind: 'object', code: 200, object };
};

/** DELETE of a collection, or of the part of it that a selector names. */
export const deleteCollection: Verb = async ({ storage, target, query, body, context }) => {
  if (storage.deleteCollection === undefined) throw methodNotAllowedError();
  const { dryRun } = parseDeleteBody(body);
  const options = parseListOptions(query, storage.resource, target);
  const items = await storage.deleteCollection(storeListOptions(options), {
    ...context,
    dryRun: context.dryRun || dryRun,
  });
  return { kind: 'list', list: { items, resourceVersion: '' } };
};
