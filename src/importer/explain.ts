import type { ExplainedAttempt, ExplainedGate, ExplainedPlace } from '../api/explanation.ts';
import { formatTime } from '../lib/clock.ts';
import { formatReference, formatRepository } from '../oci/reference.ts';
import { repositoryUrl } from '../oci/request.ts';
import type { HostGate } from '../oci/transport/limit.ts';
import type { Reference, RegistryClient, Repository } from '../oci/types.ts';
import type { Scope } from './content.ts';
import type { Journal } from './journal.ts';
import { subjectKey } from './shared-work.ts';
import type { ExplainedSource } from './types.ts';

const timeOf = (ms: number | undefined): string | undefined =>
  ms === undefined ? undefined : formatTime(ms);

const explainGate = (gate: HostGate): ExplainedGate => ({
  host: gate.host,
  inFlight: gate.inFlight,
  concurrency: gate.concurrency,
  waiting: gate.waiting,
  perSecond: gate.perSecond,
  pausedUntil: timeOf(gate.pausedUntilMs),
  quota: gate.quota && {
    remaining: gate.quota.remaining,
    limit: gate.quota.limit,
    windowSeconds: gate.quota.windowMs === undefined ? undefined : gate.quota.windowMs / 1000,
    resetsAt: timeOf(gate.quota.resetsAtMs),
  },
  refused: gate.refusal && { status: gate.refusal.status, at: formatTime(gate.refusal.atMs) },
});

const hostOf = (place: Repository): string => repositoryUrl(place, '').host;

/** The gates of the places, and of whoever else was asked on the way: token servers, storage. */
const gatesOf = (
  places: readonly Repository[],
  attempts: readonly ExplainedAttempt[],
  gates: readonly HostGate[],
): readonly ExplainedGate[] => {
  const asked = attempts.flatMap(({ requests }) => requests.map(({ host }) => host));
  const hosts = new Set([...places.map(hostOf), ...asked]);
  return gates.filter(({ host }) => hosts.has(host)).map(explainGate);
};

/**
 * What is known of a source, for whoever asks with this access: attempts that others made with other credentials are not among it.
 * `target` undefined: the list of tags.
 */
export const explainSource = (
  scope: Scope,
  target: Reference['target'] | undefined,
  { client, journal }: { readonly client: RegistryClient; readonly journal: Journal },
): ExplainedSource => {
  const { repository, access } = scope;
  const places = client.placesOf(repository);
  const attempts = journal.of(subjectKey(scope, target, client));
  return {
    reference:
      target === undefined ? formatRepository(repository) : formatReference({ ...repository, target }),
    places: places.map(
      (place): ExplainedPlace => ({
        repository: formatRepository(place),
        credentials: access.keychain(place).map(({ source }) => source),
      }),
    ),
    attempts,
    gates: gatesOf(places, attempts, client.gates()),
  };
};
