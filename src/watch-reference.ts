import type { ReferenceChange, WatchOptions } from './cli/index.ts';
import { createImporter } from './importer/index.ts';
import { systemClock } from './lib/clock.ts';
import { anonymous, createRegistryClient } from './oci/index.ts';

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
  try {
    while (!signal.aborted) {
      const outcome = await importer.resolve(
        { from: reference, insecure },
        { keychain: anonymous, priority: 'interactive' },
        signal,
      );
      if (!outcome.ok) yield { kind: 'failed', message: outcome.status.message ?? 'unknown failure' };
      else if (current === undefined) yield { kind: 'resolved', digest: outcome.digest };
      else if (outcome.digest !== current)
        yield { kind: 'moved', oldDigest: current, newDigest: outcome.digest };
      if (outcome.ok) current = outcome.digest;
      await systemClock.sleep(intervalMs, signal);
    }
  } finally {
    await client.close();
  }
}
