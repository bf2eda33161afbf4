import { type FieldError, invalid, notSupported, rootPath } from '../../api/field-error.ts';
import { type Propagation, propagations } from '../../api/owner-references.ts';
import type { StatusError } from '../../api/status.ts';
import { parseBody } from '../body.ts';
import { badRequestError, methodNotAllowedError } from '../errors.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { parseListOptions } from '../list-options.ts';
import type { RequestBody, Verb } from '../request.ts';
import { invalidOptionsError } from '../request-options.ts';
import { storeListOptions } from './list.ts';

type Preconditions = { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined };

const stringOf = (record: JsonObject, name: string): string | undefined => {
  const value = record[name];
  if (value === undefined || value === null || value === '') return undefined;
  if (typeof value !== 'string') throw badRequestError(`preconditions.${name} is not a string`);
  return value;
};

/** What a DELETE asks for besides its object. */
type DeleteRequest = {
  readonly preconditions: Preconditions;
  readonly dryRun: boolean;
  readonly propagation: Propagation | undefined;
};

const invalidOptions = (error: FieldError): StatusError => invalidOptionsError('DeleteOptions', error);

/** The wish for the dependants, also in the form that `orphanDependents` gave it before. */
const parsePropagation = (policy: unknown, orphan: unknown): Propagation | undefined => {
  const path = rootPath.child('propagationPolicy');
  if (orphan !== undefined && policy !== undefined)
    throw invalidOptions(
      invalid(path, policy, 'orphanDependents and deletionPropagation cannot be both set'),
    );
  if (typeof orphan === 'boolean') return orphan ? 'Orphan' : 'Background';
  if (policy === undefined) return undefined;
  const known = propagations.find((name) => name === policy);
  if (known === undefined) throw invalidOptions(notSupported(path, policy, [...propagations, 'nil']));
  return known;
};

const flagOf = (text: string | null): boolean | undefined =>
  text === null || text === '' ? undefined : text === 'true' || text === '1';

/** Options stand in the body or, where there is none, in the query. */
const parseDelete = (body: RequestBody, query: URLSearchParams): DeleteRequest => {
  if (body.bytes.length === 0) {
    const policy = query.get('propagationPolicy') || undefined;
    const propagation = parsePropagation(policy, flagOf(query.get('orphanDependents')));
    return { preconditions: {}, dryRun: false, propagation };
  }
  const value = parseBody(body);
  if (!isJsonObject(value)) throw badRequestError('the body of the request is not DeleteOptions');
  const { preconditions, propagationPolicy, orphanDependents, dryRun } = value;
  if (!isJsonObject(preconditions ?? {})) throw badRequestError('preconditions is not an object');
  const expected = (preconditions ?? {}) as JsonObject;
  return {
    preconditions: {
      uid: stringOf(expected, 'uid'),
      resourceVersion: stringOf(expected, 'resourceVersion'),
    },
    dryRun: Array.isArray(dryRun) && dryRun.includes('All'),
    propagation: parsePropagation(propagationPolicy ?? undefined, orphanDependents ?? undefined),
  };
};

/** DELETE of one object. */
export const deleteOne: Verb = async ({ storage, target, query, body, context }) => {
  if (storage.delete === undefined) throw methodNotAllowedError();
  const { preconditions, propagation, dryRun } = parseDelete(body, query);
  const key = { namespace: target.namespace ?? '', name: target.name ?? '' };
  const object = await storage.delete(
    key,
    { ...preconditions, propagation },
    { ...context, dryRun: context.dryRun || dryRun },
  );
  return { kind: 'object', code: 200, object };
};

/** DELETE of a collection, or of the part of it that a selector names. */
export const deleteCollection: Verb = async ({ storage, target, query, body, context }) => {
  if (storage.deleteCollection === undefined) throw methodNotAllowedError();
  const { propagation, dryRun } = parseDelete(body, query);
  const options = parseListOptions(query, storage.resource, target);
  const items = await storage.deleteCollection(
    { ...storeListOptions(options), propagation },
    {
      ...context,
      dryRun: context.dryRun || dryRun,
    },
  );
  return { kind: 'list', list: { items, resourceVersion: '' } };
};
