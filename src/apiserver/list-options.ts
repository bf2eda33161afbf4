import { type FieldError, forbidden, notSupported, rootPath } from '../api/field-error.ts';
import type { Resource } from '../api/resource.ts';
import { invalidStatus, StatusError } from '../api/status.ts';
import type { Selection } from '../store/store.ts';
import { badRequestError } from './errors.ts';
import { parseFieldSelector, parseLabelSelector } from './selectors.ts';

/**
 * How old an answer may be, from `resourceVersion` and `resourceVersionMatch`. Every read here is of the newest state, so that
 * "any" and "at least" differ only in what they refuse.
 *
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#resource-versions
 */
export type Freshness =
  | { readonly kind: 'newest' }
  | { readonly kind: 'notOlderThan'; readonly revision: string }
  | { readonly kind: 'exact'; readonly revision: string };

/** The query of a list, watch or deletecollection. */
export type ParsedListOptions = {
  readonly selection: Selection;
  readonly limit: number;
  readonly continueToken: string | undefined;
  readonly freshness: Freshness;
  readonly watch: boolean;
  /** As it came: empty, `0` or a revision. */
  readonly resourceVersion: string;
  readonly timeoutMs: number | undefined;
  readonly allowWatchBookmarks: boolean;
  readonly sendInitialEvents: boolean | undefined;
};

const booleanOf = (query: URLSearchParams, name: string): boolean | undefined => {
  const value = query.get(name);
  if (value === null) return undefined;
  if (['', '1', 't', 'true', 'True', 'TRUE'].includes(value)) return true;
  if (['0', 'f', 'false', 'False', 'FALSE'].includes(value)) return false;
  throw badRequestError(`the query parameter ${name} is not a boolean: ${JSON.stringify(value)}`);
};

const integerOf = (query: URLSearchParams, name: string): number | undefined => {
  const value = query.get(name);
  if (value === null || value === '') return undefined;
  if (!/^\d{1,15}$/.test(value))
    throw badRequestError(`the query parameter ${name} is not a number: ${JSON.stringify(value)}`);
  return Number(value);
};

const rules = (query: URLSearchParams, resourceVersion: string, watch: boolean): readonly FieldError[] => {
  const match = query.get('resourceVersionMatch') ?? '';
  const matchPath = rootPath.child('resourceVersionMatch');
  const sendInitialEvents = query.get('sendInitialEvents') !== null;
  if (sendInitialEvents && !watch)
    return [forbidden(rootPath.child('sendInitialEvents'), 'sendInitialEvents is forbidden for list')];
  if (sendInitialEvents && match !== 'NotOlderThan')
    return [forbidden(matchPath, 'sendInitialEvents requires setting resourceVersionMatch to NotOlderThan')];
  if (match === '' || sendInitialEvents) return [];
  if (watch) return [forbidden(matchPath, 'resourceVersionMatch is forbidden for watch')];
  if (resourceVersion === '')
    return [forbidden(matchPath, 'resourceVersionMatch is forbidden unless resourceVersion is provided')];
  if ((query.get('continue') ?? '') !== '')
    return [forbidden(matchPath, 'resourceVersionMatch is forbidden when continue is provided')];
  if (match !== 'Exact' && match !== 'NotOlderThan')
    return [notSupported(matchPath, match, ['Exact', 'NotOlderThan'])];
  if (match === 'Exact' && resourceVersion === '0')
    return [forbidden(matchPath, 'resourceVersionMatch "exact" is forbidden for resourceVersion "0"')];
  return [];
};

const freshnessOf = (query: URLSearchParams, resourceVersion: string): Freshness => {
  if (resourceVersion === '' || resourceVersion === '0') return { kind: 'newest' };
  const match = query.get('resourceVersionMatch') ?? '';
  // A page of an old revision is what a limit without a match has always meant.
  const exact = match === 'Exact' || (match === '' && (integerOf(query, 'limit') ?? 0) > 0);
  return { kind: exact ? 'exact' : 'notOlderThan', revision: resourceVersion };
};

const selectionOf = (
  query: URLSearchParams,
  resource: Resource,
  namespace: string | undefined,
): Selection => {
  const selectable = ['metadata.name', 'metadata.namespace', ...resource.selectableFields];
  const fields = parseFieldSelector(query.get('fieldSelector') ?? '');
  const unknown = fields.find(({ path }) => !selectable.includes(path));
  if (unknown !== undefined)
    throw badRequestError(
      resource.selectableFields.length === 0
        ? `${JSON.stringify(unknown.path)} is not a known field selector: only "metadata.name", "metadata.namespace"`
        : `field label not supported: ${unknown.path}`,
    );
  return { namespace, labels: parseLabelSelector(query.get('labelSelector') ?? ''), fields };
};

/**
 * Reads the query of a collection. A name narrows it to that object: a watch of one object is the watch of its collection.
 *
 * @throws {StatusError} 400 for what cannot be read, 422 for what contradicts itself.
 */
export const parseListOptions = (
  query: URLSearchParams,
  resource: Resource,
  target: { readonly namespace: string | undefined; readonly name: string | undefined },
): ParsedListOptions => {
  const resourceVersion = query.get('resourceVersion') ?? '';
  if (!/^\d*$/.test(resourceVersion))
    throw badRequestError(`invalid resource version ${JSON.stringify(resourceVersion)}`);
  const watch = booleanOf(query, 'watch') ?? false;
  const errors = rules(query, resourceVersion, watch);
  if (errors.length > 0)
    throw new StatusError(invalidStatus({ group: 'meta.k8s.io', kind: 'ListOptions', name: '' }, errors));
  const continueToken = query.get('continue') ?? '';
  if (continueToken !== '' && resourceVersion !== '' && resourceVersion !== '0')
    throw badRequestError('specifying resource version is not allowed when using continue');
  const selection = selectionOf(query, resource, target.namespace);
  const byName = { path: 'metadata.name', operator: '=', value: target.name ?? '' } as const;
  const timeoutSeconds = integerOf(query, 'timeoutSeconds') ?? 0;
  return {
    selection:
      target.name === undefined ? selection : { ...selection, fields: [...(selection.fields ?? []), byName] },
    limit: integerOf(query, 'limit') ?? 0,
    continueToken: continueToken === '' ? undefined : continueToken,
    freshness: freshnessOf(query, resourceVersion),
    watch,
    resourceVersion,
    timeoutMs: timeoutSeconds === 0 ? undefined : timeoutSeconds * 1000,
    allowWatchBookmarks: booleanOf(query, 'allowWatchBookmarks') ?? false,
    sendInitialEvents: booleanOf(query, 'sendInitialEvents'),
  };
};
