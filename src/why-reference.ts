import type { Explanation } from './api/explanation.ts';
import { CliError } from './cli/errors.ts';
import { openRegistries, type TerminalEnvironment } from './registries-at-hand.ts';

/**
 * Asks for a reference as a refresh and an import would, with the logins of docker and podman, and explains how that went. Needs no
 * server.
 */
export const whyReference = async (
  reference: string,
  { insecure, ...environment }: { readonly insecure: boolean } & TerminalEnvironment,
  signal: AbortSignal,
): Promise<Explanation> => {
  const { client, importer, context: readContext } = await openRegistries(environment);
  try {
    const source = { from: reference, insecure };
    const context = await readContext();
    if (importer.explain(source, context, 'tag') === undefined)
      throw new CliError('usage', `"${reference}" is no pull spec; write for example quay.io/team/app:v1`);
    const resolved = await importer.resolve(source, context, signal);
    if (resolved.ok) await importer.importImage({ ...source, importMode: 'Legacy' }, context, signal);
    const {
      places = [],
      attempts = [],
      gates = [],
      ...rest
    } = importer.explain(source, context, 'tag') ?? {};
    return { ...rest, places, attempts, gates };
  } finally {
    await client.close();
  }
};
