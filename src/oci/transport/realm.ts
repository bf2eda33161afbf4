import { isIP } from 'node:net';

/** Token servers that registries are known to use although they stand under another domain. */
const knownRealms: Readonly<Record<string, readonly string[]>> = {
  'registry.redhat.io': ['sso.redhat.com'],
  'lscr.io': ['ghcr.io'],
};

/** Labels under which country registries sell names: `example.co.uk` is a domain of somebody, `co.uk` is not. */
const categoryLabels: ReadonlySet<string> = new Set(
  'ac co com edu gob go gov id mil ne net nom or org sch'.split(' '),
);

/** Domains whose names belong to strangers: a neighbour there is nobody's own token server. */
const sharedDomains: ReadonlySet<string> = new Set([
  'amazonaws.com',
  'azurecr.io',
  'azurewebsites.net',
  'cloudfront.net',
  'github.io',
  'gitlab.io',
  'herokuapp.com',
  'nip.io',
  'pkg.dev',
  'run.app',
  'sslip.io',
]);

/** The part of a host name that somebody registered; `undefined` for addresses and single labels. */
const registrableDomain = (hostname: string): string | undefined => {
  const labels = hostname.split('.');
  if (isIP(hostname) !== 0 || hostname.startsWith('[') || labels.length < 2) return undefined;
  const [second = '', top = ''] = labels.slice(-2);
  const length = top.length === 2 && categoryLabels.has(second) ? 3 : 2;
  const domain = labels.slice(-length).join('.');
  return labels.length < length || sharedDomains.has(domain) ? undefined : domain;
};

const isRelated = (realm: string, registry: string): boolean => {
  const domain = registrableDomain(registry);
  return realm === registry || (domain !== undefined && registrableDomain(realm) === domain);
};

/** A token server that may be asked, or why not. */
export type CheckedRealm =
  | { readonly ok: true; readonly realm: URL }
  | { readonly ok: false; readonly problem: string };

/**
 * Decides whether a token server that a registry names may be given the credentials for that registry. The registry chooses the
 * realm, so an unchecked one is a way to have requests and credentials sent anywhere (CVE-2020-15157).
 *
 * @param registryUrl who answered with the challenge; a realm may be http only where that was.
 * @param trustedRealms hosts (`host` or `host:port`) that the operator accepts for any registry.
 */
export const checkRealm = (
  realm: string,
  registryUrl: URL,
  trustedRealms: readonly string[],
): CheckedRealm => {
  const refuse = (problem: string): CheckedRealm => ({ ok: false, problem });
  const url = URL.parse(realm);
  if (url === null) return refuse('the registry names a token server that is no URL');
  const mayBeHttp = registryUrl.protocol === 'http:';
  if (url.protocol !== 'https:' && !(mayBeHttp && url.protocol === 'http:')) {
    return refuse(
      `the registry names a token server that is not https (${url.host === '' ? url.protocol : url.host})`,
    );
  }
  if (url.username !== '' || url.password !== '') {
    return refuse(`the registry names a token server with credentials in its URL (${url.host})`);
  }
  const accepted =
    isRelated(url.hostname, registryUrl.hostname) ||
    (knownRealms[registryUrl.hostname] ?? []).includes(url.hostname) ||
    trustedRealms.includes(url.host);
  if (!accepted) return refuse(`the registry names ${url.host} as its token server, which is not trusted`);
  url.hash = '';
  return { ok: true, realm: url };
};
