import type { Clock } from '../../lib/clock.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { RegistryError } from '../errors.ts';
import type { Credential, CredentialHelper } from '../types.ts';
import { type AuthScheme, createSchemeMemory, hostKey, isSameScheme, readScheme } from './auth-scheme.ts';
import { basicAuthorization } from './basic.ts';
import { type Layer, type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';
import { createTokenSource, type TokenQuery, type TokenSource } from './token.ts';

/** Whom to trust with credentials. */
export type AuthOptions = {
  readonly clock: Clock;
  /** Hosts (`host` or `host:port`) of token servers that any registry may name. */
  readonly trustedRealms: readonly string[];
};

/** A refusal by the registry, or by its token server. */
type Refusal = RegistryResponse | RegistryError;

/** Another host's 401, after a redirect, says nothing about this registry. */
const isOwn401 = (request: RegistryRequest, response: RegistryResponse): boolean =>
  response.status === 401 && response.url.host === request.url.host;

const authorize = (request: RegistryRequest, authorization: string): RegistryRequest => ({
  ...request,
  headers: { ...request.headers, authorization },
});

/** Sends with a token, which is fetched anew once where one from the cache is no longer accepted. */
const sendWithToken = async (
  next: Send,
  tokens: TokenSource,
  query: TokenQuery,
  request: RegistryRequest,
  signal: AbortSignal,
): Promise<RegistryResponse> => {
  const token = await tokens.get(query, request, signal);
  const response = await next(authorize(request, `Bearer ${token.value}`), signal);
  if (!isOwn401(request, response)) return response;
  tokens.drop(query, request, token.value);
  if (!token.cached) return response;
  const fresh = await tokens.get(query, request, signal);
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
const mostTelling = (refusals: readonly Refusal[]): Refusal | undefined =>
  refusals.find(({ status }) => status === 403) ?? refusals[0];

/** The answer to an attempt; a refusal is one, too. */
const orRefusal = async (answer: Promise<RegistryResponse | undefined>): Promise<Refusal | undefined> => {
  try {
    return await answer;
  } catch (error) {
    const refused =
      error instanceof RegistryError && (error.code === 'unauthorized' || error.code === 'denied');
    if (!refused) throw error;
    return error;
  }
};

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
  ): Promise<RegistryResponse | undefined> => {
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
  ): Promise<Refusal> => {
    const key = `${hostKey(request)}/${request.repository.repository}`;
    const refusals: Refusal[] = [];
    for (const offer of candidates(request, accepted.get(key))) {
      for (const credential of await credentialsOf(offer, signal)) {
        const isKnown = credential === undefined && scheme.kind === 'basic';
        const answer =
          (isKnown ? anonymous : undefined) ??
          (await orRefusal(attempt(scheme, credential, request, signal)));
        if (answer === undefined) continue;
        if (answer instanceof RegistryError || answer.status === 401 || answer.status === 403) {
          refusals.push(answer);
          continue;
        }
        accepted.set(key, offer?.id ?? '');
        return answer;
      }
    }
    accepted.delete(key);
    const refusal = mostTelling(refusals);
    if (refusal === undefined) throw requestError(request, 'unauthorized', 'no credentials were accepted');
    return refusal;
  };
};

/**
 * Answers the challenges of registries. A host is first asked without credentials, and by one request alone, because only its
 * answer says how to authenticate; later requests carry the right thing at once. Credentials of the keychain are tried in its
 * order, then none.
 */
export const withAuth =
  ({ clock, trustedRealms }: AuthOptions): Layer =>
  (next) => {
    const prove = createProver(next, createTokenSource(next, clock));
    const schemes = createSchemeMemory();
    const firstContacts = createSingleFlight<RegistryResponse>();

    const learn = (request: RegistryRequest, response: RegistryResponse): AuthScheme | undefined => {
      if (!isOwn401(request, response)) return undefined;
      const read = readScheme(response, trustedRealms);
      if (read === undefined) return undefined;
      if (!read.ok) throw requestError(request, 'blocked', read.problem, { status: response.status });
      schemes.set(request, read.scheme);
      return read.scheme;
    };

    /** The answer to the request without credentials, or `undefined` when another request made the first contact meanwhile. */
    const makeContact = async (
      request: RegistryRequest,
      signal: AbortSignal,
    ): Promise<RegistryResponse | undefined> => {
      let isFirst = false;
      try {
        const response = await firstContacts(
          hostKey(request),
          async (shared) => {
            isFirst = true;
            const answer = await next(request, shared);
            if (learn(request, answer) === undefined) schemes.set(request, { kind: 'none' });
            return answer;
          },
          signal,
        );
        return isFirst ? response : undefined;
      } catch (error) {
        // Another request's failure is not ours: this one finds out for itself.
        if (isFirst || !(error instanceof RegistryError)) throw error;
        return undefined;
      }
    };

    const authenticate = async (request: RegistryRequest, signal: AbortSignal): Promise<Refusal> => {
      const contact = schemes.get(request) === undefined ? await makeContact(request, signal) : undefined;
      const known = schemes.get(request);
      if (contact === undefined && known !== undefined && known.kind !== 'none') {
        const answer = await prove(known, undefined, request, signal);
        const isError = answer instanceof RegistryError;
        if (isError ? answer.code !== 'unauthorized' : answer.status !== 401) return answer;
        // The registry may have changed its mind, or have another realm for this repository.
        const challenge = isError ? await next(request, signal) : answer;
        const changed = learn(request, challenge);
        return changed === undefined || isSameScheme(changed, known)
          ? answer
          : prove(changed, undefined, request, signal);
      }
      const anonymous = contact ?? (await next(request, signal));
      const scheme = learn(request, anonymous);
      return scheme === undefined ? anonymous : prove(scheme, anonymous, request, signal);
    };

    return async (request, signal) => {
      const answer = await authenticate(request, signal);
      if (answer instanceof RegistryError) throw answer;
      return answer;
    };
  };
