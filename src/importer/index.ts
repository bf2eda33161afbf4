import { failure } from '../api/status.ts';
import { parseTagFilter, tagFilterProblem } from '../api/tag-filter.ts';
import type { Clock } from '../lib/clock.ts';
import type { RegistryClient } from '../oci/types.ts';
import { explainSource } from './explain.ts';
import { createJournal } from './journal.ts';
import { statusOfError } from './outcome-status.ts';
import { createRepositories } from './repository.ts';
import { type Asker, createSharedWork } from './shared-work.ts';
import { parseSource, repositoryOf } from './source.ts';
import type { ImportContext, Importer } from './types.ts';

export type { IntervalSettings } from '../api/refresh-interval.ts';
export { type DueTag, type ImportPlan, isNothing, type PlanFacts, planImports } from './plan.ts';
export { createKeychains, isPullSecret, type PullSecretPorts, pullSecretTypes } from './pull-secrets.ts';
export { type RecordOptions, recordImports } from './record.ts';
export { type ImportRequest, type ImportRequestResult, runImportRequest } from './request.ts';
export { type ImportResults, runImports } from './run.ts';
export {
  isRefreshed,
  nextSlot,
  type Refresh,
  type ScheduledTag,
  scheduledListing,
  scheduledRefresh,
} from './schedule.ts';
export { parseSource } from './source.ts';
export type {
  ImageImport,
  ImageOutcome,
  ImportContext,
  Importer,
  Keychains,
  Listing,
  ListOutcome,
  RepositoryImport,
  RepositoryOutcome,
  ResolveOutcome,
  TagSelection,
} from './types.ts';
export { withCredentialsNote } from './with-credentials-note.ts';

export type ImporterOptions = {
  readonly client: RegistryClient;
  readonly clock: Clock;
  /** Memory, in bytes, for manifests and configs that other imports lead to as well, and as much again for whole answers. Default 8 MiB: some hundred of them. */
  readonly cacheBytes?: number;
};

const askerOf = (insecure: boolean, { keychain, priority, caller, freshSince }: ImportContext): Asker => ({
  access: { keychain, insecure, priority, caller },
  freshSince,
});

/** The importer over a registry client; see {@link Importer} for what it promises. */
export const createImporter = ({ client, clock, cacheBytes = 8 * 2 ** 20 }: ImporterOptions): Importer => {
  const journal = createJournal(clock);
  const work = createSharedWork({ client, clock, cacheBytes, journal });

  const { list, importTags } = createRepositories({ client, journal, fetch: work.fetch });

  return {
    importImage: async ({ from, insecure, ...wanted }, context, signal) => {
      const parsed = parseSource(from);
      if (!parsed.ok) return { ...parsed, tag: '' };
      return work.fetch({ ...wanted, source: parsed.source, asker: askerOf(insecure, context) }, signal);
    },

    importRepository: async (request, context, signal) => {
      const parsed = parseSource(request.from);
      if (!parsed.ok) return parsed;
      const { filter: text = '' } = request;
      const read = parseTagFilter(request.filter);
      if (!read.ok) return { ok: false, status: failure('Invalid', tagFilterProblem(text, read.problem)) };
      const asker = askerOf(request.insecure, context);
      try {
        const imported = await importTags(
          { source: parsed.source, asker, request, filter: read.filter },
          signal,
        );
        return { ok: true, ...imported };
      } catch (error) {
        return { ok: false, status: statusOfError(error, request.from) };
      }
    },

    list: async ({ from, insecure }, selections, context, signal) => {
      const parsed = parseSource(from);
      if (!parsed.ok) return parsed;
      try {
        const asker = askerOf(insecure, context);
        return { ok: true, listings: await list(parsed.source, asker, selections, signal) };
      } catch (error) {
        return { ok: false, status: statusOfError(error, from) };
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
