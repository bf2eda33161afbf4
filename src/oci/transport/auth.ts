import type { Clock } from '../../lib/clock.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { RegistryError } from '../errors.ts';
import {
  type AuthScheme,
  createSchemeMemory,
  hostKey,
  isSameScheme,
  readScheme,
  repositoryKey,
  type SchemeMemory,
} from './auth-scheme.ts';
import { createFrontDoor, mayHide } from './front-door.ts';
import { createProver, isOwn401, isRefusal, type Outcome } from './prove.ts';
import { type Layer, type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';
import { createTokenSource } from './token.ts';

/** Whom to trust with credentials. */
export type AuthOptions = {
  readonly clock: Clock;
  /** Hosts (`host` or `host:port`) of token servers that any registry may name. */
  readonly trustedRealms: readonly string[];
};

/** Sends requests without credentials and remembers what the answers ask for. */
const createAsker = (next: Send, schemes: SchemeMemory, trustedRealms: readonly string[]) => {
  const contacts = createSingleFlight<RegistryResponse>();

  /** The scheme that an answer asks for, if it does. */
  const read = (request: RegistryRequest, response: RegistryResponse): AuthScheme | undefined => {
    if (!isOwn401(request, response)) return undefined;
    const found = readScheme(response, trustedRealms);
    if (found === undefined || found.ok) return found?.scheme;
    throw requestError(request, 'blocked', found.problem, { fault: 'realm', status: response.status });
  };

  const learn = (request: RegistryRequest, response: RegistryResponse): AuthScheme | undefined => {
    const scheme = read(request, response);
    if (scheme !== undefined) schemes.set(request, scheme);
    return scheme;
  };

  const ask = async (request: RegistryRequest, signal: AbortSignal): Promise<RegistryResponse> => {
    const response = await next(request, signal);
    if (learn(request, response) === undefined) schemes.set(request, { kind: 'none' });
    return response;
  };

  /** Asks once for all requests of the same key; `undefined` when another request asked meanwhile. */
  const askAlone = async (
    key: string,
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryResponse | undefined> => {
    let isFirst = false;
    const askFirst = (shared: AbortSignal): Promise<RegistryResponse> => {
      isFirst = true;
      return ask(request, shared);
    };
    try {
      const response = await contacts(key, askFirst, signal);
      return isFirst ? response : undefined;
    } catch (error) {
      // Another request's failure is not ours: this one finds out for itself.
      if (isFirst || !(error instanceof RegistryError)) throw error;
      return undefined;
    }
  };

  /** The first answer of a host, or of a repository where the host is known but there is nothing to offer; else `undefined`. */
  const makeContact = async (
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<RegistryResponse | undefined> => {
    if (schemes.ofHost(request) === undefined) {
      const contact = await askAlone(hostKey(request), request, signal);
      if (contact !== undefined) return contact;
    }
    const isGuess = schemes.ofRepository(request) === undefined && schemes.ofHost(request) !== undefined;
    return isGuess && request.access.keychain(request.repository).length === 0
      ? askAlone(repositoryKey(request), request, signal)
      : undefined;
  };

  return { ask, read, learn, makeContact };
};

/**
 * Answers the challenges of registries. A host is first asked without credentials, and by one request alone, because only its
 * answer says how to authenticate; later requests carry the right thing at once. What one repository asked for is only a guess for
 * the others of its host: where it does not lead to an answer, they are asked themselves. A host that hides what is private
 * ({@link mayHide}) is asked at its front door. Credentials of the keychain are tried in its order, then none.
 */
export const withAuth =
  ({ clock, trustedRealms }: AuthOptions): Layer =>
  (next) => {
    const prove = createProver(next, createTokenSource(next, clock));
    const schemes = createSchemeMemory();
    const { ask, read, learn, makeContact } = createAsker(next, schemes, trustedRealms);
    const frontDoor = createFrontDoor(next, clock, read);

    /** Sends with what is remembered; where that fails, only what the registry says of this very request counts. */
    const sendKnown = async (
      known: AuthScheme,
      request: RegistryRequest,
      signal: AbortSignal,
    ): Promise<Outcome> => {
      const isGuess = schemes.ofRepository(request) === undefined;
      const outcome = await prove(known, undefined, request, signal);
      const isAnswer = !(outcome instanceof RegistryError);
      if (isAnswer && (!isRefusal(request, outcome) || (outcome.status === 403 && !isGuess))) return outcome;
      // The registry may have changed its mind, or want something else for this repository.
      const challenge = isAnswer && outcome.status === 401 ? outcome : await ask(request, signal);
      const changed = learn(request, challenge);
      if (changed === undefined) return challenge;
      return isSameScheme(changed, known) ? outcome : prove(changed, undefined, request, signal);
    };

    /** Offers credentials although this request was not answered with a challenge, where the host has one at its front door. */
    const proveUnasked = async (
      request: RegistryRequest,
      anonymous: RegistryResponse,
      signal: AbortSignal,
    ): Promise<Outcome> => {
      const scheme = await frontDoor(request, signal);
      if (scheme.kind === 'none') return anonymous;
      const outcome = await prove(scheme, anonymous, request, signal);
      if (outcome.status === 200) schemes.set(request, scheme);
      return outcome;
    };

    const authenticate = async (request: RegistryRequest, signal: AbortSignal): Promise<Outcome> => {
      const contact = await makeContact(request, signal);
      const known = schemes.ofRepository(request) ?? schemes.ofHost(request);
      if (contact === undefined && known !== undefined && known.kind !== 'none')
        return sendKnown(known, request, signal);
      const anonymous = contact ?? (await ask(request, signal));
      const scheme = learn(request, anonymous);
      if (scheme !== undefined) return prove(scheme, anonymous, request, signal);
      return mayHide(request, anonymous) ? proveUnasked(request, anonymous, signal) : anonymous;
    };

    return async (request, signal) => {
      const outcome = await authenticate(request, signal);
      if (outcome instanceof RegistryError) throw outcome;
      return outcome;
    };
  };
