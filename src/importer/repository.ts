import { prioritizeTags } from '../api/tag-priority.ts';
import type { Access, RegistryClient, Repository } from '../oci/types.ts';

/** Tags of a repository, the most important first. */
export type Listing = {
  readonly tags: readonly string[];
  /** What `maxTags` left out, in the same order. */
  readonly additionalTags: readonly string[];
};

/**
 * Lists a whole repository and keeps its `maxTags` most important tags (0: all). An empty tag, which old Hub repositories have, is
 * `latest`. The order needs every tag, so all names are held for a moment.
 *
 * @throws {RegistryError} when any page is missing: a part of a listing is never taken for the whole.
 * @see openshift-semantics §3.6
 */
export const listTags = async (
  client: RegistryClient,
  repository: Repository,
  options: { readonly access: Access; readonly maxTags: number },
  signal: AbortSignal,
): Promise<Listing> => {
  const names = new Set<string>();
  for await (const page of client.listTags(repository, options.access, signal)) {
    for (const tag of page) names.add(tag === '' ? 'latest' : tag);
  }
  const ordered = prioritizeTags([...names]);
  const kept = options.maxTags === 0 ? ordered.length : options.maxTags;
  return { tags: ordered.slice(0, kept), additionalTags: ordered.slice(kept) };
};
