import type { TagFilter } from '../api/tag-filter.ts';
import { prioritizeTags } from '../api/tag-priority.ts';
import { mapLimit } from '../lib/map-limit.ts';
import type { Access, RegistryClient, Repository } from '../oci/types.ts';
import type { Journal } from './journal.ts';
import { type Asker, type SourceImport, subjectKey } from './shared-work.ts';
import { repositoryOf, type Source, withTag } from './source.ts';
import type { ImageOutcome, Listing, RepositoryImport, TagSelection } from './types.ts';

/** Tags of one repository under way at a time; how many requests really run is for the registry's gate to say. */
const tagConcurrency = 16;

const select = (names: ReadonlySet<string>, { maxTags }: TagSelection): Listing => {
  const ordered = prioritizeTags([...names]);
  const kept = maxTags === 0 ? ordered.length : maxTags;
  return { tags: ordered.slice(0, kept), additionalTags: ordered.slice(kept) };
};

/**
 * Lists a whole repository, and keeps of it what each selection wants. An empty tag, which old Hub repositories have, is `latest`. The order
 * needs every tag that passes, so these names are held for a moment, and no others.
 *
 * @throws {RegistryError} when any page is missing: a part of a listing is never taken for the whole.
 * @see openshift-semantics §3.6
 */
export const listTags = async (
  client: RegistryClient,
  repository: Repository,
  { access, selections }: { readonly access: Access; readonly selections: readonly TagSelection[] },
  signal: AbortSignal,
): Promise<readonly Listing[]> => {
  const names = new Map(selections.map(({ filter }) => [filter, new Set<string>()]));
  for await (const page of client.listTags(repository, access, signal)) {
    const tags = page.map((tag) => (tag === '' ? 'latest' : tag));
    for (const [filter, passed] of names) for (const tag of tags) if (filter(tag)) passed.add(tag);
  }
  return selections.map((selection) => select(names.get(selection.filter) ?? new Set(), selection));
};

/** A repository to import, as somebody wants it and may ask for it. */
type WantedRepository = {
  readonly source: Source;
  readonly asker: Asker;
  readonly request: RepositoryImport;
  readonly filter: TagFilter;
};

export type RepositoryPorts = {
  readonly client: RegistryClient;
  readonly journal: Journal;
  readonly fetch: (wanted: SourceImport, signal: AbortSignal) => Promise<ImageOutcome>;
};

/** Listing repositories, and fetching what they were found to have. Both throw a RegistryError where the list cannot be had. */
export const createRepositories = ({ client, journal, fetch }: RepositoryPorts) => {
  const list = async (
    { reference }: Source,
    asker: Asker,
    selections: readonly TagSelection[],
    signal: AbortSignal,
  ): Promise<readonly Listing[]> => {
    const repository = repositoryOf(reference);
    const scope = { repository, access: asker.access };
    return journal.note(
      { key: subjectKey(scope, undefined, client), question: 'list', scope },
      (access) => listTags(client, repository, { access, selections }, signal),
      () => ({}),
    );
  };

  const importTags = async (
    { source, asker, request, filter }: WantedRepository,
    signal: AbortSignal,
  ): Promise<{ readonly images: readonly ImageOutcome[]; readonly additionalTags: readonly string[] }> => {
    const { importMode, includeManifest, maxTags, known } = request;
    const [listed] =
      request.listing === undefined ? await list(source, asker, [{ filter, maxTags }], signal) : [];
    const { tags = [], additionalTags = [] } = request.listing ?? listed ?? {};
    const importTag = (tag: string, inner: AbortSignal): Promise<ImageOutcome> =>
      fetch({ source: withTag(source, tag), asker, importMode, includeManifest }, inner);
    const wanted = tags.filter((tag) => known?.has(tag) !== true);
    const images = await mapLimit(wanted, tagConcurrency, importTag, signal);
    return { images, additionalTags };
  };

  return { list, importTags };
};
