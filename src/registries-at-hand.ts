import { readFileSync } from 'node:fs';
import { CliError } from './cli/errors.ts';
import { loadConfig } from './config.ts';
import { createImporter, type ImportContext, type Importer } from './importer/index.ts';
import { systemClock } from './lib/clock.ts';
import {
  createKeychain,
  createOperatorCredentials,
  createRegistryClient,
  type RegistryClient,
} from './oci/index.ts';
import { RegistryAccessError, readRegistryAccess } from './registry-access.ts';

/** Whose credentials are used: those of the person at the terminal. */
export type TerminalEnvironment = {
  /** Where docker and podman keep their files, and what helpers inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of credentials that cannot be used; they are passed over. */
  readonly onProblem: (message: string) => void;
};

/** A way to registries for the commands that need no server. */
export type RegistriesAtHand = {
  readonly client: RegistryClient;
  readonly importer: Importer;
  /** The logins of docker and podman, as they are now. */
  readonly context: () => Promise<ImportContext>;
};

/**
 * Opens a way to registries with the settings in the environment and the file that it names: there are no flags for it. Close its
 * client at the end.
 *
 * @throws {CliError} for settings or files that cannot be used.
 */
export const openRegistries = async ({ env, onProblem }: TerminalEnvironment): Promise<RegistriesAtHand> => {
  const loaded = loadConfig({ argv: [], env, readFile: (path) => readFileSync(path, 'utf8') });
  if ('problems' in loaded) throw new CliError('usage', loaded.problems.join('; '));
  const { config } = loaded;
  const clock = systemClock;
  try {
    const { options } = await readRegistryAccess(config);
    const client = createRegistryClient({ ...options, trustedRealms: config.trustedRealm, clock });
    const credentials = createOperatorCredentials({ env, clock, onProblem, dockerConfigs: ['auto'] });
    return {
      client,
      importer: createImporter({ client, clock }),
      context: async () => ({ keychain: createKeychain(await credentials()), priority: 'interactive' }),
    };
  } catch (error) {
    if (error instanceof RegistryAccessError) throw new CliError('failed', error.message, { cause: error });
    throw error;
  }
};
