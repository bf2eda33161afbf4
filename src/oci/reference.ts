import { isIPv6 } from 'node:net';
import { parseDigest } from './digest.ts';
import type { Reference, Repository } from './types.ts';

/** A reference, or a sentence that says why the text is none. */
export type ParsedReference =
  | { readonly ok: true; readonly reference: Reference }
  | { readonly ok: false; readonly problem: string };

/** A repository, or a sentence that says why the text is none. */
export type ParsedRepository =
  | { readonly ok: true; readonly repository: Repository }
  | { readonly ok: false; readonly problem: string };

const dockerHub = 'docker.io';
const dockerHubAliases: ReadonlySet<string> = new Set([
  'docker.io',
  'index.docker.io',
  'registry-1.docker.io',
  'registry.hub.docker.com',
]);

const label = '[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const hostPattern = new RegExp(`^${label}(?:\\.${label})*$`);
const componentPattern = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
const tagPattern = /^[a-zA-Z0-9_][a-zA-Z0-9_.-]{0,127}$/;

/** The longest name, registry included, that registries accept. */
const maxNameLength = 255;

/** Whether `text` may be a tag. @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#pulling-manifests */
export const isTag = (text: string): boolean => tagPattern.test(text);

/** The canonical host of Docker Hub for each of its aliases; other hosts in lower case. */
export const canonicalRegistry = (host: string): string => {
  const lower = host.toLowerCase();
  return dockerHubAliases.has(lower) ? dockerHub : lower;
};

const isPort = (text: string): boolean => /^[1-9][0-9]{0,4}$/.test(text) && Number(text) <= 65_535;

/** Names that a URL would spell differently are none: `0x7f.1` would be dialled as 127.0.0.1. */
const isHostname = (text: string): boolean =>
  hostPattern.test(text) && URL.parse(`https://${text}`)?.hostname === text.toLowerCase();

/** Whether `text` is a host with an optional port; IPv6 addresses stand in brackets. */
const isRegistry = (text: string): boolean => {
  const bracketed = /^\[([^\]%]*)\](?::(.*))?$/.exec(text);
  if (bracketed !== null) {
    return isIPv6(bracketed[1] ?? '') && (bracketed[2] === undefined || isPort(bracketed[2]));
  }
  const [host = '', port, ...rest] = text.split(':');
  return rest.length === 0 && isHostname(host) && (port === undefined || isPort(port));
};

/** Whether the first part of a name names a host: Docker's rule, which takes `team/app` for a repository of the Hub. */
const looksLikeHost = (first: string): boolean => /[.:[]/.test(first) || first === 'localhost';

/** Whether `text` can stand first in a name and names a registry there: `quay.io`, `localhost`, `mirror:5000`, not `team`. */
export const isRegistryName = (text: string): boolean => looksLikeHost(text) && isRegistry(text);

/** Whether `text` is a repository, or a namespace of repositories, of some registry: `team`, `team/app`. */
export const isRepositoryPath = (text: string): boolean =>
  text.split('/').every((component) => componentPattern.test(component));

const problem = (text: string) => ({ ok: false, problem: text }) as const;

/**
 * Reads a repository name such as `quay.io/team/app` or `alpine`. Short names belong to Docker Hub.
 *
 * @see https://github.com/distribution/reference (the grammar that Docker, containerd and OpenShift agree on)
 */
export const parseRepository = (name: string): ParsedRepository => {
  const slash = name.indexOf('/');
  const first = slash === -1 ? '' : name.slice(0, slash);
  const explicit = slash !== -1 && looksLikeHost(first);
  if (explicit && !isRegistry(first)) return problem(`"${first}" is not a registry host`);
  const registry = explicit ? canonicalRegistry(first) : dockerHub;
  const path = explicit ? name.slice(slash + 1) : name;
  if (path === '') return problem('the repository name is missing');
  if (!isRepositoryPath(path)) {
    return problem(
      path === path.toLowerCase()
        ? `"${path}" is not a repository name`
        : `"${path}" is not a repository name: it must be lower case`,
    );
  }
  const repository = registry === dockerHub && !path.includes('/') ? `library/${path}` : path;
  if (registry.length + 1 + repository.length > maxNameLength) {
    return problem(`the name is longer than ${maxNameLength} characters`);
  }
  return { ok: true, repository: { registry, repository } };
};

/**
 * Reads a pull spec. Docker Hub's aliases and short names are expanded, a missing tag is `latest`, and a digest wins over a tag.
 *
 * @see https://github.com/distribution/reference
 */
export const parseReference = (text: string): ParsedReference => {
  const at = text.indexOf('@');
  const digestText = at === -1 ? undefined : text.slice(at + 1);
  const named = at === -1 ? text : text.slice(0, at);
  const colon = named.indexOf(':', named.lastIndexOf('/') + 1);
  const parsed = parseRepository(colon === -1 ? named : named.slice(0, colon));
  if (!parsed.ok) return parsed;
  const tag = colon === -1 ? undefined : named.slice(colon + 1);
  if (tag !== undefined && !isTag(tag)) return problem(`"${tag}" is not a tag`);
  if (digestText === undefined) {
    return {
      ok: true,
      reference: { ...parsed.repository, target: { kind: 'tag', tag: tag ?? 'latest' } },
    };
  }
  const digest = parseDigest(digestText);
  return digest === undefined
    ? problem(`"${digestText}" is not a digest`)
    : { ok: true, reference: { ...parsed.repository, target: { kind: 'digest', digest } } };
};

/** `host/repository`, as `parseRepository` reads it. */
export const formatRepository = ({ registry, repository }: Repository): string => `${registry}/${repository}`;

/** The canonical spelling; `parseReference` reads it back to an equal reference. */
export const formatReference = (reference: Reference): string => {
  const { target } = reference;
  const suffix = target.kind === 'tag' ? `:${target.tag}` : `@${target.digest}`;
  return `${formatRepository(reference)}${suffix}`;
};
