import type { ReferenceChange, WatchOptions } from './cli/index.ts';
import { createImporter } from './importer/index.ts';
import { systemClock } from './lib/clock.ts';
import { anonymous, createRegistryClient } from './oci/index.ts';

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
 * Asks the registry for a reference again and again and yields when its digest changes; needs no server. Ends when `signal` is aborted.
 */
export async function* watchReference(
  reference: string,
  { intervalMs, insecure }: WatchOptions,
  signal: AbortSignal,
): AsyncGenerator<ReferenceChange> {
  const client = createRegistryClient({ clock: systemClock });
  const importer = createImporter({ client, clock: systemClock });
  let current: string | undefined;
  let failure: string | undefined;
  try {
    while (!signal.aborted) {
      const outcome = await importer.resolve(
        { from: reference, insecure },
        { keychain: anonymous, priority: 'interactive' },
        signal,
      );
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
