import type { Clock } from '../lib/clock.ts';
import { mapLimit } from '../lib/map-limit.ts';
import type { RegistryClient } from '../oci/types.ts';
import { explainSource } from './explain.ts';
import { createJournal } from './journal.ts';
import { statusOfError } from './outcome-status.ts';
import { listTags } from './repository.ts';
import { type Asker, createSharedWork, subjectKey } from './shared-work.ts';
import { parseSource, repositoryOf, type Source, withTag } from './source.ts';
import type { ImageOutcome, ImportContext, Importer, RepositoryImport } from './types.ts';

export { type DueTag, type ImportPlan, isNothing, type PlanFacts, planImports } from './plan.ts';
export { createKeychains, isPullSecret, type PullSecretPorts, pullSecretTypes } from './pull-secrets.ts';
export { type RecordOptions, recordImports } from './record.ts';
export { type ImportRequest, type ImportRequestResult, runImportRequest } from './request.ts';
export { type ImportResults, runImports } from './run.ts';
export {
  type IntervalSettings,
  nextSlot,
  type Refresh,
  type ScheduledTag,
  scheduledRefresh,
} from './schedule.ts';
export { parseSource } from './source.ts';
export type {
  ImageImport,
  ImageOutcome,
  ImportContext,
  Importer,
  Keychains,
  RepositoryImport,
  RepositoryOutcome,
  ResolveOutcome,
} from './types.ts';
export { withCredentialsNote } from './with-credentials-note.ts';

export type ImporterOptions = {
  readonly client: RegistryClient;
  readonly clock: Clock;
  /** Memory, in bytes, for manifests and configs that other imports lead to as well, and as much again for whole answers. Default 8 MiB: some hundred of them. */
  readonly cacheBytes?: number;
};

/** Tags of one repository under way at a time; how many requests really run is for the registry's gate to say. */
const tagConcurrency = 16;

const askerOf = (insecure: boolean, { keychain, priority, caller, freshSince }: ImportContext): Asker => ({
  access: { keychain, insecure, priority, caller },
  freshSince,
});

/** The importer over a registry client; see {@link Importer} for what it promises. */
export const createImporter = ({ client, clock, cacheBytes = 8 * 2 ** 20 }: ImporterOptions): Importer => {
  const journal = createJournal(clock);
  const work = createSharedWork({ client, clock, cacheBytes, journal });

  const importTags = async (
    { source, asker, request }: { source: Source; asker: Asker; request: RepositoryImport },
    signal: AbortSignal,
  ) => {
    const { importMode, includeManifest, maxTags } = request;
    const repository = repositoryOf(source.reference);
    const scope = { repository, access: asker.access };
    const listing = await journal.note(
      { key: subjectKey(scope, undefined, client), question: 'list', scope },
      (access) => listTags(client, repository, { access, maxTags }, signal),
      () => ({}),
    );
    const importTag = (tag: string, inner: AbortSignal): Promise<ImageOutcome> =>
      work.fetch({ source: withTag(source, tag), asker, importMode, includeManifest }, inner);
    const images = await mapLimit(listing.tags, tagConcurrency, importTag, signal);
    return { images, additionalTags: listing.additionalTags };
  };

  return {
    importImage: async ({ from, insecure, ...wanted }, context, signal) => {
      const parsed = parseSource(from);
      if (!parsed.ok) return { ...parsed, tag: '' };
      return work.fetch({ ...wanted, source: parsed.source, asker: askerOf(insecure, context) }, signal);
    },

    importRepository: async (request, context, signal) => {
      const parsed = parseSource(request.from);
      if (!parsed.ok) return parsed;
      const asker = askerOf(request.insecure, context);
      try {
        return { ok: true, ...(await importTags({ source: parsed.source, asker, request }, signal)) };
      } catch (error) {
        return { ok: false, status: statusOfError(error, request.from) };
      }
    },

    placesOf: client.placesOf,

    explain: ({ from, insecure }, context, wanted) => {
      const parsed = parseSource(from);
      if (!parsed.ok) return undefined;
      const { reference } = parsed.source;
      const scope = { repository: repositoryOf(reference), access: askerOf(insecure, context).access };
      return explainSource(scope, wanted === 'tags' ? undefined : reference.target, { client, journal });
    },

    resolve: async ({ from, insecure }, context, signal) => {
      const parsed = parseSource(from);
      return parsed.ok ? work.resolve(parsed.source, askerOf(insecure, context), signal) : parsed;
    },
  };
};
