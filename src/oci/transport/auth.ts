import type { Clock } from '../../lib/clock.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { RegistryError } from '../errors.ts';
import type { Credential, CredentialHelper } from '../types.ts';
import {
  type AuthScheme,
  createSchemeMemory,
  hostKey,
  isSameScheme,
  readScheme,
  repositoryKey,
  type SchemeMemory,
} from './auth-scheme.ts';
import { basicAuthorization } from './basic.ts';
import { type Layer, type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';
import { createTokenSource, type Token, type TokenQuery, type TokenSource } from './token.ts';

/** Whom to trust with credentials. */
export type AuthOptions = {
  readonly clock: Clock;
  /** Hosts (`host` or `host:port`) of token servers that any registry may name. */
  readonly trustedRealms: readonly string[];
};

/** What came of a request: the answer of the registry, or why there is no token to send it with. */
type Outcome = RegistryResponse | RegistryError;

/** Another host's 401, after a redirect, says nothing about this registry. */
const isOwn401 = (request: RegistryRequest, response: RegistryResponse): boolean =>
  response.status === 401 && response.url.host === request.url.host;

const authorize = (request: RegistryRequest, authorization: string): RegistryRequest => ({
  ...request,
  headers: { ...request.headers, authorization },
});

const tokenOrFailure = async (token: Promise<Token>): Promise<Token | RegistryError> => {
  try {
    return await token;
  } catch (error) {
    if (error instanceof RegistryError) return error;
    throw error;
  }
};

/** Sends with a token, which is fetched anew once where one from the cache is no longer accepted. */
const sendWithToken = async (
  next: Send,
  tokens: TokenSource,
  query: TokenQuery,
  request: RegistryRequest,
  signal: AbortSignal,
): Promise<Outcome> => {
  const token = await tokenOrFailure(tokens.get(query, request, signal));
  if (token instanceof RegistryError) return token;
  const response = await next(authorize(request, `Bearer ${token.value}`), signal);
  if (!isOwn401(request, response)) return response;
  tokens.drop(query, request, token.value);
  if (!token.cached) return response;
  const fresh = await tokenOrFailure(tokens.get(query, request, signal));
  if (fresh instanceof RegistryError) return fresh;
  return next(authorize(request, `Bearer ${fresh.value}`), signal);
};

/** Something to try; `undefined` is anonymous. */
type Offer = Credential | CredentialHelper | undefined;

/** The credentials behind an offer. */
const credentialsOf = async (
  offer: Offer,
  signal: AbortSignal,
): Promise<readonly (Credential | undefined)[]> => (offer?.kind === 'helper' ? offer.ask(signal) : [offer]);

/** What to try, in order: what worked here before, then from the most specific credential to none at all. */
const candidates = (request: RegistryRequest, worked: string | undefined): readonly Offer[] => {
  const all = [...request.access.keychain(request.repository), undefined];
  const isFirst = (offer: Offer): boolean => (offer?.id ?? '') === worked;
  return [...all.filter(isFirst), ...all.filter((offer) => !isFirst(offer))];
};

/** Of all refusals the one that says most: a 403 knew who asked, and the first credential was the most specific. */
const mostTelling = (refusals: readonly Outcome[]): Outcome | undefined =>
  refusals.find(({ status }) => status === 403) ?? refusals[0];

/** Whether another credential may do better. */
const isRefusal = (outcome: Outcome): boolean =>
  outcome instanceof RegistryError
    ? outcome.code === 'unauthorized' || outcome.code === 'denied'
    : outcome.status === 401 || outcome.status === 403;

/**
 * Proves who asks in each possible way until one is accepted; resolves with the most telling refusal when none is.
 * `anonymous` is the refusal of this request without credentials, where that is known already.
 */
const createProver = (next: Send, tokens: TokenSource) => {
  /** Id of the credential that a repository accepted last; anonymous is the empty one. */
  const accepted = createBoundedMap<string>(10_000);

  const attempt = async (
    scheme: AuthScheme,
    credential: Credential | undefined,
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<Outcome | undefined> => {
    if (scheme.kind === 'bearer') {
      const scope = `repository:${request.repository.repository}:pull`;
      const { realm, service } = scheme;
      return sendWithToken(next, tokens, { realm, service, scope, credential }, request, signal);
    }
    if (credential === undefined) return next(request, signal);
    // Basic has no place for an identity token.
    return credential.kind === 'basic'
      ? next(authorize(request, basicAuthorization(credential)), signal)
      : undefined;
  };

  return async (
    scheme: AuthScheme,
    anonymous: RegistryResponse | undefined,
    request: RegistryRequest,
    signal: AbortSignal,
  ): Promise<Outcome> => {
    const key = repositoryKey(request);
    const refusals: Outcome[] = [];
    for (const offer of candidates(request, accepted.get(key))) {
      for (const credential of await credentialsOf(offer, signal)) {
        const isKnown = credential === undefined && scheme.kind === 'basic';
        const answer =
          (isKnown ? anonymous : undefined) ?? (await attempt(scheme, credential, request, signal));
        if (answer === undefined) continue;
        if (isRefusal(answer)) {
          refusals.push(answer);
          continue;
        }
        if (!(answer instanceof RegistryError)) accepted.set(key, offer?.id ?? '');
        return answer;
      }
    }
    accepted.delete(key);
    const refusal = mostTelling(refusals);
    if (refusal === undefined) throw requestError(request, 'unauthorized', 'no credentials were accepted');
    return refusal;
  };
};

/** Sends requests without credentials and remembers what the answers ask for. */
const createAsker = (next: Send, schemes: SchemeMemory, trustedRealms: readonly string[]) => {
  const contacts = createSingleFlight<RegistryResponse>();

  /** The scheme that an answer asks for, if it does. */
  const learn = (request: RegistryRequest, response: RegistryResponse): AuthScheme | undefined => {
    if (!isOwn401(request, response)) return undefined;
    const read = readScheme(response, trustedRealms);
    if (read === undefined) return undefined;
    if (!read.ok) throw requestError(request, 'blocked', read.problem, { status: response.status });
    schemes.set(request, read.scheme);
    return read.scheme;
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

  return { ask, learn, makeContact };
};

/**
 * Answers the challenges of registries. A host is first asked without credentials, and by one request alone, because only its
 * answer says how to authenticate; later requests carry the right thing at once. What one repository asked for is only a guess for
 * the others of its host: where it does not lead to an answer, they are asked themselves. Credentials of the keychain are tried in
 * its order, then none.
 */
export const withAuth =
  ({ clock, trustedRealms }: AuthOptions): Layer =>
  (next) => {
    const prove = createProver(next, createTokenSource(next, clock));
    const schemes = createSchemeMemory();
    const { ask, learn, makeContact } = createAsker(next, schemes, trustedRealms);

    /** Sends with what is remembered; where that fails, only what the registry says of this very request counts. */
    const sendKnown = async (
      known: AuthScheme,
      request: RegistryRequest,
      signal: AbortSignal,
    ): Promise<Outcome> => {
      const isGuess = schemes.ofRepository(request) === undefined;
      const outcome = await prove(known, undefined, request, signal);
      const isAnswer = !(outcome instanceof RegistryError);
      if (isAnswer && (!isRefusal(outcome) || (outcome.status === 403 && !isGuess))) return outcome;
      // The registry may have changed its mind, or want something else for this repository.
      const challenge = isAnswer && outcome.status === 401 ? outcome : await ask(request, signal);
      const changed = learn(request, challenge);
      if (changed === undefined) return challenge;
      return isSameScheme(changed, known) ? outcome : prove(changed, undefined, request, signal);
    };

    const authenticate = async (request: RegistryRequest, signal: AbortSignal): Promise<Outcome> => {
      const contact = await makeContact(request, signal);
      const known = schemes.ofRepository(request) ?? schemes.ofHost(request);
      if (contact === undefined && known !== undefined && known.kind !== 'none')
        return sendKnown(known, request, signal);
      const anonymous = contact ?? (await ask(request, signal));
      const scheme = learn(request, anonymous);
      return scheme === undefined ? anonymous : prove(scheme, anonymous, request, signal);
    };

    return async (request, signal) => {
      const outcome = await authenticate(request, signal);
      if (outcome instanceof RegistryError) throw outcome;
      return outcome;
    };
  };
