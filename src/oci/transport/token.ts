import type { Clock } from '../../lib/clock.ts';
import { createSingleFlight } from '../../lib/single-flight.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { hurryOf } from '../hurry.ts';
import { parseJsonObject } from '../json.ts';
import type { Credential } from '../types.ts';
import { basicAuthorization } from './basic.ts';
import { type RegistryRequest, requestError, type Send } from './send.ts';
import { errorOfResponse, isWebPage } from './status.ts';

/** What a token is asked for. */
export type TokenQuery = {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly scope: string;
  readonly credential: Credential | undefined;
};

/** A token, and whether it was at hand: one from the cache may have been revoked. */
export type Token = { readonly value: string; readonly cached: boolean };

/** Fetches and keeps tokens. */
export type TokenSource = {
  readonly get: (query: TokenQuery, request: RegistryRequest, signal: AbortSignal) => Promise<Token>;
  /** Forgets a token that the registry did not accept, unless it was replaced meanwhile. */
  readonly drop: (query: TokenQuery, request: RegistryRequest, value: string) => void;
};

/** Far above any real token answer. */
const maxTokenBytes = 1024 * 1024;
/** @see https://distribution.github.io/distribution/spec/auth/token/#token-response-fields */
const defaultLifetimeSeconds = 60;
/** Share of its lifetime after which a token is replaced: it must survive the request that it is sent with. */
const refreshAfter = 0.85;
const maxTokens = 10_000;

type Entry = { readonly value: string; readonly staleAtMs: number };

/** Who may use a token: the registry is part of it, else one registry could have another's token sent to itself. */
const keyOf = ({ realm, service, scope, credential }: TokenQuery, { url, access }: RegistryRequest): string =>
  JSON.stringify([url.host, access.insecure, realm.href, service, scope, credential?.id]);

const tokenRequest = (query: TokenQuery, request: RegistryRequest): RegistryRequest => {
  const { realm, service, scope, credential } = query;
  const url = new URL(realm);
  const common = {
    operation: 'token',
    repository: request.repository,
    subject: `${realm.origin}${realm.pathname}`,
    access: request.access,
    maxBytes: maxTokenBytes,
    credential: credential?.source,
  } as const;
  if (credential?.kind === 'identity-token') {
    const form = new URLSearchParams({
      grant_type: 'refresh_token',
      ...(service === undefined ? {} : { service }),
      client_id: 'imagestreams',
      scope,
      refresh_token: credential.token,
    });
    const headers = { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' };
    return { ...common, method: 'POST', url, headers, body: form.toString() };
  }
  if (service !== undefined) url.searchParams.set('service', service);
  url.searchParams.set('scope', scope);
  if (credential === undefined)
    return { ...common, method: 'GET', url, headers: { accept: 'application/json' } };
  url.searchParams.set('account', credential.username);
  const headers = { accept: 'application/json', authorization: basicAuthorization(credential) };
  return { ...common, method: 'GET', url, headers };
};

const parseToken = (bytes: Uint8Array): { value: string; lifetimeSeconds: number } | undefined => {
  const body = parseJsonObject(bytes);
  const value = [body?.['token'], body?.['access_token']].find(
    (text) => typeof text === 'string' && /^[\x21-\x7e]+$/.test(text),
  );
  const seconds = body?.['expires_in'];
  if (typeof value !== 'string') return undefined;
  const lifetimeSeconds = typeof seconds === 'number' && seconds > 0 ? seconds : defaultLifetimeSeconds;
  return { value, lifetimeSeconds };
};

/**
 * Tokens of the Docker token protocol: GET with Basic, POST for identity tokens. Requests for the same token share one fetch.
 *
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @see https://distribution.github.io/distribution/spec/auth/oauth/
 */
export const createTokenSource = (send: Send, clock: Clock): TokenSource => {
  const tokens = createBoundedMap<Entry>(maxTokens);
  const flights = createSingleFlight<string>();

  const fetchToken = async (key: string, request: RegistryRequest, signal: AbortSignal): Promise<string> => {
    // Counted from before the request: the server's own clock and how long the answer took do not matter then.
    const askedAtMs = clock.monotonic();
    const response = await send(request, signal);
    if (response.status === 400) {
      throw requestError(request, 'unauthorized', 'the token server did not accept the credentials', {
        fault: 'credential-refused',
        status: response.status,
      });
    }
    if (response.status !== 200) throw errorOfResponse(request, response, clock.now());
    const token = parseToken(response.bytes);
    if (token === undefined) {
      const fault = isWebPage(response) ? 'web-page' : 'no-token';
      throw requestError(request, 'invalid-response', 'the answer holds no token', { fault });
    }
    tokens.set(key, {
      value: token.value,
      staleAtMs: askedAtMs + token.lifetimeSeconds * 1000 * refreshAfter,
    });
    return token.value;
  };

  return {
    get: async (query, request, signal) => {
      const { access } = request;
      const key = keyOf(query, request);
      const known = tokens.get(key);
      if (known !== undefined && known.staleAtMs > clock.monotonic())
        return { value: known.value, cached: true };
      const value = await flights(
        key,
        (shared, hurry) =>
          fetchToken(key, { ...tokenRequest(query, request), access: { ...access, hurry } }, shared),
        signal,
        hurryOf(access),
      );
      return { value, cached: false };
    },
    drop: (query, request, value) => {
      const key = keyOf(query, request);
      if (tokens.get(key)?.value === value) tokens.delete(key);
    },
  };
};
