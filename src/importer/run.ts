import { mapLimit } from '../lib/map-limit.ts';
import type { ImportPlan, RepositoryToImport, TagImport } from './plan.ts';
import type { ImageOutcome, ImportContext, Importer, RepositoryOutcome } from './types.ts';

/** What came of one planned tag; `unchanged`: the source is where it was, and nothing was fetched. */
export type TagResult = { readonly planned: TagImport; readonly outcome: ImageOutcome | 'unchanged' };

export type RepositoryResult = {
  readonly planned: RepositoryToImport;
  readonly outcome: RepositoryOutcome;
};

/** What came of a plan; `recordImports` turns it into status. */
export type ImportResults = {
  readonly tags: readonly TagResult[];
  readonly repository: RepositoryResult | undefined;
};

/** Tags of one stream under way at a time; how many requests really run is for the registries' gates to say. */
const tagConcurrency = 16;

const runTag = async (
  importer: Importer,
  { request, unlessAt, resolved: known }: TagImport,
  context: ImportContext,
  signal: AbortSignal,
): Promise<ImageOutcome | 'unchanged'> => {
  if (known !== undefined || unlessAt.length > 0) {
    const resolved = known ?? (await importer.resolve(request, context, signal));
    if (resolved.ok && unlessAt.includes(resolved.digest)) return 'unchanged';
    if (!resolved.ok) return { ok: false, status: resolved.status, tag: '' };
  }
  return importer.importImage(request, context, signal);
};

const runRepository = async (
  importer: Importer,
  planned: RepositoryToImport,
  context: ImportContext,
  signal: AbortSignal,
): Promise<RepositoryResult> => ({
  planned,
  outcome:
    planned.failed === undefined
      ? await importer.importRepository(planned.request, context, signal)
      : { ok: false, status: planned.failed },
});

/** Does what a plan says: all of it at once, within bounds; one that fails never fails another. */
export const runImports = async (
  importer: Importer,
  plan: ImportPlan,
  context: ImportContext,
  signal: AbortSignal,
): Promise<ImportResults> => {
  const tags = mapLimit(
    plan.tags,
    tagConcurrency,
    async (planned, inner) => ({ planned, outcome: await runTag(importer, planned, context, inner) }),
    signal,
  );
  const repository = plan.repository && runRepository(importer, plan.repository, context, signal);
  const [tagResults, repositoryResult] = await Promise.all([tags, repository]);
  return { tags: tagResults, repository: repositoryResult };
};
