import { CliError } from './cli/errors.ts';
import type { ReferenceChange, WatchOptions } from './cli/index.ts';
import { type createImporter, parseSource } from './importer/index.ts';
import { systemClock } from './lib/clock.ts';
import { openRegistries, type TerminalEnvironment } from './registries-at-hand.ts';

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

/**
 * Asks the registry for a reference again and again and yields when its digest changes; needs no server. Uses the logins
 * of docker and podman, as their users expect. Ends when `signal` is aborted.
 */
export async function* watchReference(
  reference: string,
  { intervalMs, insecure, env, onProblem }: WatchOptions & TerminalEnvironment,
  signal: AbortSignal,
): AsyncGenerator<ReferenceChange> {
  const parsed = parseSource(reference);
  if (!parsed.ok)
    throw new CliError(
      'usage',
      `"${reference}" is no pull spec; write for example docker.io/library/nginx:stable`,
    );
  const { client, importer, context } = await openRegistries({ env, onProblem });
  let current: string | undefined;
  let failure: string | undefined;
  try {
    while (!signal.aborted) {
      const outcome = await importer.resolve({ from: reference, insecure }, await context(), signal);
      const change = changeOf(current, failure, outcome);
      if (change !== undefined) yield change;
      failure = outcome.ok ? undefined : messageOf(outcome);
      if (outcome.ok) current = outcome.digest;
      await systemClock.sleep(intervalMs, signal);
    }
  } finally {
    await client.close();
  }
}
