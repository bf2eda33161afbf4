import type { Clock } from '../../lib/clock.ts';
import { createBoundedMap } from '../bounded-map.ts';
import type { RegistryError } from '../errors.ts';
import type { Place } from './places.ts';

/** How long a mirror that did not answer is asked last. */
const downMs = 30_000;
/** How long one request may find out whether a mirror answers again, while others go on without it. */
const probeMs = 10_000;

/** Remembers which mirrors do not answer, so that one that is down costs one wait now and then and not one per request. */
export type Downtime = {
  /** The places in the order in which to try them. */
  readonly order: (places: readonly Place[]) => readonly Place[];
  readonly failed: (place: Place, error: RegistryError) => void;
  readonly answered: (place: Place) => void;
};

/** Nothing is known to be down. */
export const createDowntime = (clock: Pick<Clock, 'monotonic'>): Downtime => {
  const untilMs = createBoundedMap<number>(1_000);

  const isDown = ({ role, repository }: Place): boolean => {
    const until = role === 'mirror' ? untilMs.get(repository.registry) : undefined;
    if (until === undefined) return false;
    if (until > clock.monotonic()) return true;
    untilMs.set(repository.registry, clock.monotonic() + probeMs);
    return false;
  };

  return {
    order: (places) => {
      const down = new Set(places.filter(isDown));
      return [...places.filter((place) => !down.has(place)), ...down];
    },
    failed: ({ repository }, error) => {
      const isSilent = error.code === 'unavailable' || error.code === 'timeout';
      if (isSilent) untilMs.set(repository.registry, clock.monotonic() + downMs);
    },
    answered: ({ repository }) => untilMs.delete(repository.registry),
  };
};
