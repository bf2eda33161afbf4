import type { Clock } from '../../lib/clock.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { RegistryError } from '../errors.ts';
import { type AuthScheme, hostKey } from './auth-scheme.ts';
import type { RegistryRequest, RegistryResponse, Send } from './send.ts';

/** Tells how a host asks for credentials at its front door, `/v2/`; `none` where it does not. */
export type FrontDoor = (request: RegistryRequest, signal: AbortSignal) => Promise<AuthScheme>;

const maxHosts = 1_000;
/** How long a host is taken for one that asks so. */
const rememberMs = 3_600_000;
const maxBytes = 64 * 1024;

const none: AuthScheme = { kind: 'none' };

/**
 * Whether the registry hides what is private instead of asking for credentials: it refuses without a challenge, or says that nothing
 * is there, to somebody who has credentials for it. Whoever answers after a redirect hides nothing of the registry.
 *
 * @see https://github.com/sapcc/keppel/issues/522
 */
export const mayHide = ({ url, access, repository }: RegistryRequest, answer: RegistryResponse): boolean =>
  [401, 403, 404].includes(answer.status) &&
  answer.url.host === url.host &&
  access.keychain(repository).length > 0;

const knock = (request: RegistryRequest): RegistryRequest => {
  const url = new URL('/v2/', request.url);
  const { repository, access } = request;
  const subject = `${url.host}/v2/`;
  return {
    method: 'GET',
    operation: 'ping',
    repository,
    subject,
    url,
    headers: { accept: '*/*' },
    access,
    maxBytes,
  };
};

/** Asks each host once an hour at most, whoever wants to know. `read` finds the scheme that an answer asks for. */
export const createFrontDoor = (
  next: Send,
  clock: Pick<Clock, 'monotonic'>,
  read: (request: RegistryRequest, answer: RegistryResponse) => AuthScheme | undefined,
): FrontDoor => {
  const known = createBoundedMap<{ readonly scheme: AuthScheme; readonly untilMs: number }>(maxHosts);
  const flights = createSingleFlight<AuthScheme>();

  return async (request, signal) => {
    const key = hostKey(request);
    const kept = known.get(key);
    if (kept !== undefined && kept.untilMs > clock.monotonic()) return kept.scheme;
    const ask = async (inner: AbortSignal): Promise<AuthScheme> => {
      const ping = knock(request);
      const scheme = read(ping, await next(ping, inner)) ?? none;
      known.set(key, { scheme, untilMs: clock.monotonic() + rememberMs });
      return scheme;
    };
    try {
      return await flights(key, ask, signal);
    } catch (error) {
      // Whoever may not be asked so says it; who merely does not answer leaves what was answered before.
      if (error instanceof RegistryError && error.code !== 'blocked') return none;
      throw error;
    }
  };
};
