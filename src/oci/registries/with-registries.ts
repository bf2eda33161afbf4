import type { Clock } from '../../lib/clock.ts';
import { formatReference, formatRepository } from '../reference.ts';
import type { Access, Reference, RegistryClient } from '../types.ts';
import { createAttempts, type Wanted } from './attempt.ts';
import type { Registries } from './registries.ts';

/** The questions about content. */
export type Readers = Pick<RegistryClient, 'resolve' | 'getManifest' | 'getConfig' | 'listTags'>;

const wantedReference = (reference: Reference, access: Access): Wanted => ({
  repository: reference,
  target: reference.target,
  access,
  subject: formatReference(reference),
});

/**
 * Asks mirrors and rewritten locations where registries are set up so: the mirrors in their order, then the source, until one
 * answers. Each place is asked with the credentials for it, and under its own rules about certificates; that a reference may be
 * insecure holds for the source only.
 */
export const withRegistries = (
  readers: Readers,
  registries: Registries,
  clock: Pick<Clock, 'monotonic'>,
): Readers & Pick<RegistryClient, 'placesOf'> => {
  const { attempt, learn, placesOf } = createAttempts(registries, clock);
  return {
    placesOf,

    resolve: (reference, access, signal) =>
      attempt(
        wantedReference(reference, access),
        (repository, own) => readers.resolve({ ...repository, target: reference.target }, own, signal),
        signal,
      ),

    getManifest: (reference, access, signal) =>
      attempt(
        wantedReference(reference, access),
        async (repository, own, place) => {
          const fetched = await readers.getManifest({ ...repository, target: reference.target }, own, signal);
          learn(place, reference, fetched);
          return fetched;
        },
        signal,
      ),

    getConfig: (repository, descriptor, access, signal) => {
      const target = { kind: 'digest', digest: descriptor.digest } as const;
      const subject = `${formatRepository(repository)}@${descriptor.digest}`;
      return attempt(
        { repository, target, access, subject },
        (place, own) => readers.getConfig(place, descriptor, own, signal),
        signal,
      );
    },

    listTags: async function* (repository, access, signal) {
      const subject = `${formatRepository(repository)}/tags/list`;
      // Only the first page chooses: pages of two places would make a list that neither has.
      const { first, pages } = await attempt(
        { repository, target: undefined, access, subject },
        async (place, own) => {
          const iterator = readers.listTags(place, own, signal)[Symbol.asyncIterator]();
          return { first: await iterator.next(), pages: iterator };
        },
        signal,
      );
      try {
        for (let page = first; page.done !== true; page = await pages.next()) yield page.value;
      } finally {
        await pages.return?.();
      }
    },
  };
};
