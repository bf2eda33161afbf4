import type { Clock } from '../../lib/clock.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { RegistryError } from '../errors.ts';
import { formatRepository } from '../reference.ts';
import type { Access, FetchedManifest, Reference, Repository } from '../types.ts';
import { createDowntime } from './downtime.ts';
import { combineFailures, type Failure } from './failures.ts';
import { type Place, type Places, placesOf, serves } from './places.ts';
import type { Registries } from './registries.ts';

/** Something to ask for wherever it may be had. */
export type Wanted = {
  /** As it is named, not where it is. */
  readonly repository: Repository;
  /** `undefined`: the list of tags. */
  readonly target: Reference['target'] | undefined;
  readonly access: Access;
  /** As errors name it. */
  readonly subject: string;
};

/** Asks one place. */
export type Ask<Answer> = (repository: Repository, access: Access, place: Place) => Promise<Answer>;

/** Knows the places of repositories and tries one after the other. */
export type Attempts = {
  /**
   * The answer of the first place that has one.
   *
   * @throws {RegistryError} the most telling of all failures, or `blocked` where no place may be asked.
   */
  readonly attempt: <Answer>(wanted: Wanted, ask: Ask<Answer>, signal: AbortSignal) => Promise<Answer>;
  /** Notes where a manifest came from: its parts may then be asked for there, also where that mirror is for tags only. */
  readonly learn: (place: Place, repository: Repository, fetched: FetchedManifest) => void;
  readonly placesOf: (repository: Repository) => readonly Repository[];
};

const remembered = 10_000;

const partsOf = ({ digest, manifest }: FetchedManifest): readonly string[] => [
  digest,
  ...(manifest.kind === 'image' ? [manifest.config] : manifest.manifests).map((part) => part.digest),
];

const partKey = (repository: Repository, digest: string): string =>
  `${formatRepository(repository)}@${digest}`;

const onlyOnce = (places: readonly Place[]): readonly Place[] =>
  places.filter(({ name }, index) => places.findIndex((other) => other.name === name) === index);

/** Attempts at what is set up in `registries`, with its own memory of mirrors that are down. */
export const createAttempts = (registries: Registries, clock: Pick<Clock, 'monotonic'>): Attempts => {
  const known = createBoundedMap<Places>(remembered);
  /** Names of the mirrors for tags that gave what leads to a digest. */
  const origins = createBoundedMap<string>(remembered);
  const downtime = createDowntime(clock);

  const find = ({ registry, repository }: Repository): Places => {
    const key = formatRepository({ registry, repository });
    const places = known.get(key) ?? placesOf(registries, { registry, repository });
    known.set(key, places);
    return places;
  };

  const choose = ({ repository, target }: Wanted): Places => {
    const { places, refusals } = find(repository);
    const origin = target?.kind === 'digest' ? origins.get(partKey(repository, target.digest)) : undefined;
    const fitting = places.filter((place) => serves(place, target?.kind ?? 'tag') || place.name === origin);
    return { places: downtime.order(onlyOnce(fitting)), refusals };
  };

  return {
    attempt: async (wanted, ask, signal) => {
      const { places, refusals } = choose(wanted);
      const failures: Failure[] = [];
      for (const place of places) {
        signal.throwIfAborted();
        const insecure = place.insecure || (place.role === 'source' && wanted.access.insecure);
        try {
          const answer = await ask(place.repository, { ...wanted.access, insecure }, place);
          downtime.answered(place);
          return answer;
        } catch (error) {
          if (!(error instanceof RegistryError)) throw error;
          downtime.failed(place, error);
          failures.push({ place, error });
        }
      }
      const nowhere = (): RegistryError =>
        new RegistryError('blocked', `${wanted.subject}: ${refusals.join('; ')}`, {
          fault: 'registry-blocked',
        });
      throw combineFailures(failures, refusals) ?? nowhere();
    },
    learn: (place, repository, fetched) => {
      if (place.use !== 'tag') return;
      for (const digest of partsOf(fetched)) origins.set(partKey(repository, digest), place.name);
    },
    placesOf: (repository) => find(repository).places.map((place) => place.repository),
  };
};
