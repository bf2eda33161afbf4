import { createBoundedMap } from '../bounded-map.ts';
import { parseChallenges } from './challenge.ts';
import { checkRealm } from './realm.ts';
import type { RegistryRequest, RegistryResponse } from './send.ts';

/** How a registry wants to be spoken to. */
export type AuthScheme =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic' }
  | { readonly kind: 'bearer'; readonly realm: URL; readonly service: string | undefined };

/** A scheme that we can and may follow, or why we may not. */
export type ReadScheme =
  | { readonly ok: true; readonly scheme: AuthScheme }
  | { readonly ok: false; readonly problem: string };

/**
 * The scheme that a 401 asks for: Bearer before Basic; `undefined` where it asks for neither. The realm of Basic is only a name,
 * even where it looks like a URL (ECR).
 */
export const readScheme = (
  response: RegistryResponse,
  trustedRealms: readonly string[],
): ReadScheme | undefined => {
  const challenges = parseChallenges(response.headers['www-authenticate'] ?? '');
  const basic = challenges.some(({ scheme }) => scheme === 'basic');
  const bearer = challenges.find(({ scheme, parameters }) => scheme === 'bearer' && parameters.has('realm'));
  if (bearer !== undefined) {
    const checked = checkRealm(bearer.parameters.get('realm') ?? '', response.url, trustedRealms);
    if (checked.ok) {
      const service = bearer.parameters.get('service');
      return { ok: true, scheme: { kind: 'bearer', realm: checked.realm, service } };
    }
    if (!basic) return checked;
  }
  return basic ? { ok: true, scheme: { kind: 'basic' } } : undefined;
};

/** Whether two schemes ask for the same thing. */
export const isSameScheme = (a: AuthScheme, b: AuthScheme): boolean =>
  a.kind === 'bearer' && b.kind === 'bearer'
    ? a.realm.href === b.realm.href && a.service === b.service
    : a.kind === b.kind;

/** What registries asked for before, so that later requests carry the right thing at once. */
export type SchemeMemory = {
  /** What this repository asked for. */
  readonly ofRepository: (request: RegistryRequest) => AuthScheme | undefined;
  /** What another repository of its host asked for last: a guess. */
  readonly ofHost: (request: RegistryRequest) => AuthScheme | undefined;
  readonly set: (request: RegistryRequest, scheme: AuthScheme) => void;
};

const maxSchemes = 10_000;

/** What was learned over a connection that nobody verified must not steer one that is verified. */
export const hostKey = ({ url, access }: RegistryRequest): string =>
  `${access.insecure ? 'insecure' : 'verified'} ${url.host}`;

/** A repository, by the same rule. */
export const repositoryKey = (request: RegistryRequest): string =>
  `${hostKey(request)}/${request.repository.repository}`;

/** Remembers per repository, and per host for repositories not met before: some registries have a realm per repository. */
export const createSchemeMemory = (): SchemeMemory => {
  const schemes = createBoundedMap<AuthScheme>(maxSchemes);
  return {
    ofRepository: (request) => schemes.get(repositoryKey(request)),
    ofHost: (request) => schemes.get(hostKey(request)),
    set: (request, scheme) => {
      schemes.set(repositoryKey(request), scheme);
      // An open repository says nothing about the others of a host that is known to ask.
      if (scheme.kind !== 'none' || schemes.get(hostKey(request)) === undefined)
        schemes.set(hostKey(request), scheme);
    },
  };
};
