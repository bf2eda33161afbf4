import { readFileSync } from 'node:fs';
import { CliError } from './cli/errors.ts';
import type { ReferenceChange, WatchOptions } from './cli/index.ts';
import { loadConfig } from './config.ts';
import { createImporter, parseSource } from './importer/index.ts';
import { systemClock } from './lib/clock.ts';
import { createKeychain, createOperatorCredentials, createRegistryClient } from './oci/index.ts';
import { type RegistryAccess, RegistryAccessError, readRegistryAccess } from './registry-access.ts';

type Outcome = Awaited<ReturnType<ReturnType<typeof createImporter>['resolve']>>;

const messageOf = ({ status }: Extract<Outcome, { ok: false }>): string =>
  status.message ?? 'unknown failure';

/** What an answer tells that the answers before it did not. */
const changeOf = (
  current: string | undefined,
  failure: string | undefined,
  outcome: Outcome,
): ReferenceChange | undefined => {
  if (!outcome.ok) {
    const message = messageOf(outcome);
    return message === failure ? undefined : { kind: 'failed', message };
  }
  const { digest } = outcome;
  if (current === undefined) return { kind: 'resolved', digest };
  if (digest !== current) return { kind: 'moved', oldDigest: current, newDigest: digest };
  return failure === undefined ? undefined : { kind: 'recovered', digest };
};

/** Whose credentials are used: those of the person at the terminal. */
export type WatchEnvironment = {
  /** Where docker and podman keep their files, and what helpers inherit. */
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Told of credentials that cannot be used; they are passed over. */
  readonly onProblem: (message: string) => void;
};

/** How registries are reached, by the settings in the environment and the file that it names: there are no flags for it. */
const readAccess = async (env: WatchEnvironment['env']): Promise<RegistryAccess['options']> => {
  const loaded = loadConfig({ argv: [], env, readFile: (path) => readFileSync(path, 'utf8') });
  if ('problems' in loaded) throw new CliError('usage', loaded.problems.join('; '));
  try {
    return (await readRegistryAccess(loaded.config)).options;
  } catch (error) {
    if (error instanceof RegistryAccessError) throw new CliError('failed', error.message, { cause: error });
    throw error;
  }
};

/**
 * Asks the registry for a reference again and again and yields when its digest changes; needs no server. Uses the logins
 * of docker and podman, as their users expect. Ends when `signal` is aborted.
 */
export async function* watchReference(
  reference: string,
  { intervalMs, insecure, env, onProblem }: WatchOptions & WatchEnvironment,
  signal: AbortSignal,
): AsyncGenerator<ReferenceChange> {
  const parsed = parseSource(reference);
  if (!parsed.ok)
    throw new CliError(
      'usage',
      `"${reference}" is no pull spec; write for example docker.io/library/nginx:stable`,
    );
  const clock = systemClock;
  const client = createRegistryClient({ ...(await readAccess(env)), clock });
  const importer = createImporter({ client, clock });
  const credentials = createOperatorCredentials({ env, clock, onProblem, dockerConfigs: ['auto'] });
  let current: string | undefined;
  let failure: string | undefined;
  try {
    while (!signal.aborted) {
      const outcome = await importer.resolve(
        { from: reference, insecure },
        { keychain: createKeychain(await credentials()), priority: 'interactive' },
        signal,
      );
      const change = changeOf(current, failure, outcome);
      if (change !== undefined) yield change;
      failure = outcome.ok ? undefined : messageOf(outcome);
      if (outcome.ok) current = outcome.digest;
      await clock.sleep(intervalMs, signal);
    }
  } finally {
    await client.close();
  }
}
