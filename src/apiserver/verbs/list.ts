import type { ListOptions } from '../../store/store.ts';
import { futureRevisionError, methodNotAllowedError } from '../errors.ts';
import { type ParsedListOptions, parseListOptions } from '../list-options.ts';
import type { Verb } from '../request.ts';

/** What a storage is asked for. */
export const storeListOptions = (options: ParsedListOptions): ListOptions => ({
  ...options.selection,
  limit: options.limit,
  continueToken: options.continueToken,
  exactRevision: options.freshness.kind === 'exact' ? options.freshness.revision : undefined,
});

/**
 * A computed list has no revision of its own: it is of the newest state.
 *
 * @throws {StatusError} 504 when a list is older than the client has already seen.
 */
export const assertFresh = (options: ParsedListOptions, resourceVersion: string): void => {
  const { freshness } = options;
  if (resourceVersion === '') return;
  if (freshness.kind === 'notOlderThan' && BigInt(freshness.revision) > BigInt(resourceVersion))
    throw futureRevisionError();
};

/** GET of a collection. */
export const list: Verb = async ({ storage, target, query, context }) => {
  if (storage.list === undefined) throw methodNotAllowedError();
  const options = parseListOptions(query, storage.resource, target);
  const found = await storage.list(storeListOptions(options), context);
  assertFresh(options, found.resourceVersion);
  return { kind: 'list', list: found };
};
