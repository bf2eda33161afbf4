import type { RegistryError, RegistryErrorCode } from '../errors.ts';
import type { Place } from './places.ts';

/** What a place answered. */
export type Failure = { readonly place: Place; readonly error: RegistryError };

/** How much a failure tells: what somebody must act on, what time will tell, what is not there, who did not answer. */
const ranks: Readonly<Record<RegistryErrorCode, number>> = {
  unauthorized: 1,
  denied: 1,
  certificate: 1,
  'http-not-https': 1,
  'digest-mismatch': 1,
  'unsupported-media-type': 1,
  'too-large': 1,
  'invalid-response': 1,
  redirect: 1,
  'rate-limited': 2,
  'manifest-unknown': 3,
  'name-unknown': 3,
  'not-found': 3,
  timeout: 4,
  unavailable: 4,
  blocked: 5,
};

/** That the source has no such thing is final, whatever mirrors say. */
const isFinal = ({ place, error }: Failure): boolean => place.role === 'source' && ranks[error.code] === 3;

const rankOf = (failure: Failure): number => (isFinal(failure) ? 0 : ranks[failure.error.code]);

/**
 * One error for everything that was tried: the most telling failure, among equals the source's, with the others beside it.
 * `refusals` are the places that were not asked.
 */
export const combineFailures = (
  failures: readonly Failure[],
  refusals: readonly string[],
): RegistryError | undefined => {
  const [winner, ...others] = failures.toSorted(
    (a, b) => rankOf(a) - rankOf(b) || Number(b.place.role === 'source') - Number(a.place.role === 'source'),
  );
  if (winner === undefined) return undefined;
  const { error } = winner;
  const besides = [...others.map((other) => other.error.message), ...refusals];
  if (besides.length === 0) return error;
  return error.with({ message: [error.message, ...besides].join('; '), besides, cause: error });
};
