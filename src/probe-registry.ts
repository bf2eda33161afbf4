import { CliError } from './cli/errors.ts';
import type { RegistryProbe } from './cli/ports.ts';
import { diagnose, isRegistryName, parseRepository, RegistryError, type Repository } from './oci/index.ts';
import { openRegistries, type TerminalEnvironment } from './registries-at-hand.ts';

const targetOf = (text: string): Repository => {
  if (isRegistryName(text)) return { registry: text, repository: '' };
  const parsed = parseRepository(text);
  if (parsed.ok) return parsed.repository;
  throw new CliError('usage', `${parsed.problem}; write for example quay.io or quay.io/team/app`);
};

/** Finds out what a registry supports, with the logins of docker and podman. Needs no server. */
export const probeRegistry = async (
  text: string,
  { insecure, ...environment }: { readonly insecure: boolean } & TerminalEnvironment,
  signal: AbortSignal,
): Promise<RegistryProbe> => {
  const repository = targetOf(text);
  const { client, context } = await openRegistries(environment);
  try {
    const { keychain } = await context();
    return await client.probe(repository, { keychain, insecure, priority: 'interactive' }, signal);
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    const { cause, advice } = diagnose(error, { repository });
    throw new CliError('failed', `${error.message}\ncause: ${cause}\nadvice: ${advice}`, { cause: error });
  } finally {
    await client.close();
  }
};
