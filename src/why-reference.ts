import type { Explanation } from './api/explanation.ts';
import { CliError } from './cli/errors.ts';
import type { ImportContext, Importer } from './importer/index.ts';
import { openRegistries, type TerminalEnvironment } from './registries-at-hand.ts';

/** Asks for a reference as a refresh and an import would, and explains how that went. */
export const explainReference = async (
  source: { readonly from: string; readonly insecure: boolean },
  { importer, context }: { readonly importer: Importer; readonly context: ImportContext },
  signal: AbortSignal,
): Promise<Explanation> => {
  if (importer.explain(source, context, 'tag') === undefined)
    throw new CliError('usage', `"${source.from}" is no pull spec; write for example quay.io/team/app:v1`);
  const resolved = await importer.resolve(source, context, signal);
  if (resolved.ok) await importer.importImage({ ...source, importMode: 'Legacy' }, context, signal);
  const { places = [], attempts = [], gates = [], ...rest } = importer.explain(source, context, 'tag') ?? {};
  return { ...rest, places, attempts, gates };
};

/** {@link explainReference} with the logins of docker and podman. Needs no server. */
export const whyReference = async (
  reference: string,
  { insecure, ...environment }: { readonly insecure: boolean } & TerminalEnvironment,
  signal: AbortSignal,
): Promise<Explanation> => {
  const { client, importer, context } = await openRegistries(environment);
  try {
    return await explainReference(
      { from: reference, insecure },
      { importer, context: await context() },
      signal,
    );
  } finally {
    await client.close();
  }
};
