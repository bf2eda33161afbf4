import type { Status } from '../api/status.ts';
import type { ImageOutcome, ImportContext, Importer } from './types.ts';

/** Reasons by which registries say that the credentials will not do. */
const refusals: ReadonlySet<string> = new Set(['Unauthorized', 'Forbidden']);

type Failure = { readonly ok: false; readonly status: Status };

/**
 * An importer that says of what a registry refused why credentials were missing, where `noteOf` knows: of the namespace on whose behalf it
 * was asked. It stands outside of shared work, whose outcomes other namespaces get, too.
 */
export const withCredentialsNote = (
  importer: Importer,
  noteOf: (namespace: string) => string | undefined,
): Importer => {
  const noted = <Outcome extends { readonly ok: true } | Failure>(
    outcome: Outcome,
    { caller = '' }: ImportContext,
  ): Outcome => {
    if (outcome.ok || !refusals.has(outcome.status.reason ?? '')) return outcome;
    const note = noteOf(caller);
    if (note === undefined) return outcome;
    const { status } = outcome;
    return { ...outcome, status: { ...status, message: `${status.message ?? ''}: ${note}` } };
  };
  return {
    ...importer,
    importImage: async (request, context, signal) =>
      noted<ImageOutcome>(await importer.importImage(request, context, signal), context),
    importRepository: async (request, context, signal) => {
      const outcome = noted(await importer.importRepository(request, context, signal), context);
      return outcome.ok
        ? { ...outcome, images: outcome.images.map((image) => noted<ImageOutcome>(image, context)) }
        : outcome;
    },
    list: async (request, selections, context, signal) =>
      noted(await importer.list(request, selections, context, signal), context),
    resolve: async (request, context, signal) =>
      noted(await importer.resolve(request, context, signal), context),
  };
};
