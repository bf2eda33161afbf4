import { canonicalRegistry, isRegistryName, isRepositoryPath, parseRepository } from '../reference.ts';
import type { Repository } from '../types.ts';

/** Which repositories a rule is for: `quay.io`, `quay.io/team`, `quay.io/team/app` or `*.example.com`. */
export type Prefix = {
  /** Canonical: equal texts are equal prefixes. */
  readonly text: string;
  /** A host with its port, or the end of one that begins with a dot (`.example.com`). */
  readonly host: string;
  /** Leading segments of the repository; none: every repository of the host. */
  readonly path: readonly string[];
};

/** Where a prefix is really found: a host, with leading segments of a repository. Canonical text, as {@link parseLocation} made it. */
export type Location = string & { readonly __brand: 'Location' };

/** What was read, or a sentence that says why it is none. */
export type Parsed<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly problem: string };

/** The port that https has without saying so is no other registry: else `quay.io:443` would slip past a rule for `quay.io`. */
const canonicalHost = (host: string): string => canonicalRegistry(host.replace(/:443$/, ''));

const readPlace = (text: string): Parsed<{ readonly host: string; readonly path: readonly string[] }> => {
  const fail = (problem: string) => ({ ok: false, problem: `"${text}" ${problem}` }) as const;
  if (text.includes('://')) return fail('must be written without a scheme');
  const [first = '', ...path] = text.replace(/\/+$/, '').split('/');
  if (!isRegistryName(first)) return fail('does not begin with a registry: write HOST[:PORT][/NAMESPACE…]');
  if (path.length > 0 && !isRepositoryPath(path.join('/'))) {
    return fail('is no namespace or repository of a registry; tags and digests have no place here');
  }
  return { ok: true, value: { host: canonicalHost(first), path } };
};

const textOf = (host: string, path: readonly string[]): string => [host, ...path].join('/');

/**
 * Reads a prefix. A wildcard stands only in front, for one or more labels: `*.example.com`.
 *
 * @see https://github.com/containers/image/blob/main/docs/containers-registries.conf.5.md#choosing-a-registry-toml-table
 */
export const parsePrefix = (text: string): Parsed<Prefix> => {
  if (!text.startsWith('*.')) {
    const place = readPlace(text);
    if (!place.ok) return place;
    const { host, path } = place.value;
    return { ok: true, value: { text: textOf(host, path), host, path } };
  }
  const domain = text.slice(2).toLowerCase();
  if (/[/:@*]/.test(domain) || !isRegistryName(`any.${domain}`)) {
    return { ok: false, problem: `"${text}" is no wildcard of the form *.example.com` };
  }
  return { ok: true, value: { text: `*.${domain}`, host: `.${domain}`, path: [] } };
};

/** Reads the place that a prefix is rewritten to. */
export const parseLocation = (text: string): Parsed<Location> => {
  const place = readPlace(text);
  if (!place.ok) return place;
  return { ok: true, value: textOf(place.value.host, place.value.path) as Location };
};

const matchesHost = (pattern: string, host: string): boolean =>
  pattern.startsWith('.') ? host.endsWith(pattern) && host.length > pattern.length : host === pattern;

const withoutPort = (host: string): string => host.replace(/:\d+$/, '');

/** Whether a repository lies under a prefix: `quay.io/team` is for `quay.io/team/app` and not for `quay.io/team-other/app`. */
export const matchesPrefix = ({ host, path }: Prefix, { registry, repository }: Repository): boolean => {
  const segments = repository.split('/');
  return (
    matchesHost(host, canonicalHost(registry)) && path.every((segment, index) => segment === segments[index])
  );
};

/** As {@link matchesPrefix}, but a prefix without a port is for every port: what is forbidden stays so at another door. */
export const matchesAnyPort = (prefix: Prefix, repository: Repository): boolean =>
  matchesPrefix(prefix, repository) ||
  matchesPrefix(prefix, { ...repository, registry: withoutPort(repository.registry) });

/** The more specific of two prefixes that match the same repository comes first: longer paths, then names before wildcards. */
export const bySpecificity = (a: Prefix, b: Prefix): number =>
  b.path.length - a.path.length ||
  Number(a.host.startsWith('.')) - Number(b.host.startsWith('.')) ||
  b.host.length - a.host.length;

/** The repository with what `prefix` matched replaced by `location`; a wildcard matched the whole host. */
export const rewrite = (
  prefix: Prefix,
  location: Location,
  { repository }: Repository,
): Parsed<Repository> => {
  const rest = repository.split('/').slice(prefix.path.length);
  const text = [location, ...rest].join('/');
  // A bare host would be read as a short name.
  const parsed = parseRepository(text.includes('/') ? text : `${text}/`);
  return parsed.ok ? { ok: true, value: parsed.repository } : parsed;
};
