import { createBoundedMap } from '../bounded-map.ts';
import { type CredentialTrial, RegistryError } from '../errors.ts';
import type { Credential, CredentialHelper } from '../types.ts';
import { type AuthScheme, repositoryKey } from './auth-scheme.ts';
import { basicAuthorization } from './basic.ts';
import { type RegistryRequest, type RegistryResponse, requestError, type Send } from './send.ts';
import { faultOfRefusal, isRefusalElsewhere } from './status.ts';
import type { Token, TokenQuery, TokenSource } from './token.ts';

/** What came of a request: the answer of the registry, or why there is no token to send it with. */
export type Outcome = RegistryResponse | RegistryError;

/** Another host's 401, after a redirect, says nothing about this registry. */
export const isOwn401 = (request: RegistryRequest, response: RegistryResponse): boolean =>
  response.status === 401 && response.url.host === request.url.host;

/** An outcome together with what became of the credentials. */
const withTrials = (outcome: Outcome, credentials: readonly CredentialTrial[]): Outcome =>
  outcome instanceof RegistryError
    ? outcome.with({ credentials, fault: faultOfRefusal(outcome.code, credentials) ?? outcome.fault })
    : { ...outcome, credentials };

const authorize = (
  request: RegistryRequest,
  authorization: string,
  credential: Credential | undefined,
): RegistryRequest => ({
  ...request,
  headers: { ...request.headers, authorization },
  credential: credential?.source,
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
  const response = await next(authorize(request, `Bearer ${token.value}`, query.credential), signal);
  // One that is too large for the registry must not be sent again and again either.
  if (response.status === 431) tokens.drop(query, request, token.value);
  if (!isOwn401(request, response)) return response;
  tokens.drop(query, request, token.value);
  if (!token.cached) return response;
  const fresh = await tokenOrFailure(tokens.get(query, request, signal));
  if (fresh instanceof RegistryError) return fresh;
  return next(authorize(request, `Bearer ${fresh.value}`, query.credential), signal);
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

/** Whether another credential may do better. Whoever refuses after a redirect was offered none. */
export const isRefusal = (request: RegistryRequest, outcome: Outcome): boolean =>
  outcome instanceof RegistryError
    ? outcome.code === 'unauthorized' || outcome.code === 'denied'
    : (outcome.status === 401 || outcome.status === 403) && !isRefusalElsewhere(request, outcome);

/** Whoever gets a token, or a 403, is known: it is the right to read that is lacking. Token servers answer 403 for wrong passwords too. */
const isKnownButNotEnough = ({ kind }: AuthScheme, refusal: Outcome): boolean =>
  !(refusal instanceof RegistryError) && (kind === 'bearer' || refusal.status === 403);

/** Sends a request with one credential, or with none; `undefined` where the scheme has no place for it. */
const createAttempt =
  (next: Send, tokens: TokenSource) =>
  async (
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
      ? next(authorize(request, basicAuthorization(credential), credential), signal)
      : undefined;
  };

/** Keeps what became of each credential, and the refusals. */
const createTally = (scheme: AuthScheme) => {
  const refusals: Outcome[] = [];
  const trials: CredentialTrial[] = [];
  const note = (credential: { readonly source: string } | undefined, outcome: CredentialTrial['outcome']) => {
    if (credential !== undefined) trials.push({ source: credential.source, outcome });
  };
  return {
    trials,
    refusals,
    note,
    refused: (credential: Credential | undefined, refusal: Outcome): void => {
      note(credential, isKnownButNotEnough(scheme, refusal) ? 'insufficient' : 'refused');
      refusals.push(refusal);
    },
  };
};

/** Proves who asks. `anonymous` is the refusal of this request without credentials, where that is known already. */
export type Prove = (
  scheme: AuthScheme,
  anonymous: RegistryResponse | undefined,
  request: RegistryRequest,
  signal: AbortSignal,
) => Promise<Outcome>;

/** Tries credentials in each possible way until one is accepted; resolves with the most telling refusal when none is. */
export const createProver = (next: Send, tokens: TokenSource): Prove => {
  /** Id of the credential that a repository accepted last; anonymous is the empty one. */
  const accepted = createBoundedMap<string>(10_000);
  const attempt = createAttempt(next, tokens);

  return async (scheme, anonymous, request, signal) => {
    const key = repositoryKey(request);
    const { trials, refusals, note, refused } = createTally(scheme);
    for (const offer of candidates(request, accepted.get(key))) {
      const credentials = await credentialsOf(offer, signal);
      if (credentials.length === 0) note(offer, 'nothing');
      for (const credential of credentials) {
        const isKnown = credential === undefined && scheme.kind === 'basic';
        const answer =
          (isKnown ? anonymous : undefined) ?? (await attempt(scheme, credential, request, signal));
        if (answer === undefined) note(credential, 'unfit');
        else if (isRefusal(request, answer)) refused(credential, answer);
        else {
          if (answer instanceof RegistryError) return withTrials(answer, trials);
          note(credential, 'accepted');
          accepted.set(key, offer?.id ?? '');
          return withTrials(answer, trials);
        }
      }
    }
    accepted.delete(key);
    const refusal =
      mostTelling(refusals) ?? requestError(request, 'unauthorized', 'no credentials were accepted');
    return withTrials(refusal, trials);
  };
};
