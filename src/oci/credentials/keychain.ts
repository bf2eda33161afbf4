import { canonicalRegistry } from '../reference.ts';
import type { Credential, CredentialHelper, Keychain, Repository } from '../types.ts';

/** Which repositories a credential is for. */
export type Match = {
  /** Labels of the host, in lower case; `*` stands for any characters within one label. `undefined`: every host. */
  readonly labels: readonly string[] | undefined;
  readonly port: string;
  /** Leading segments of the repository; none: every repository of the host. */
  readonly path: readonly string[];
};

/** A credential with what it is for: one entry of a docker config; or who is to be asked for one. */
export type CredentialEntry =
  | { readonly match: Match; readonly credential: Credential }
  | { readonly match: Match; readonly helper: (repository: Repository) => CredentialHelper };

/** What every repository of every host fits, and what is least specific. */
export const everyHost: Match = { labels: undefined, port: '', path: [] };

/** Keeps nothing for anybody. */
export const anonymous: Keychain = () => [];

const splitHost = (host: string): { labels: readonly string[]; port: string } => {
  const [, name = '', port = ''] = /^(\[[^\]]*\]|[^:]*)(?::(.*))?$/.exec(host) ?? [];
  return { labels: name.startsWith('[') ? [name] : name.split('.'), port };
};

const hostPattern = /^(?:\[[0-9a-f:.]+\]|[a-z0-9*._-]+)(?::[0-9]{1,5})?$/;

/**
 * Reads a key of `auths`: `host`, `host:port`, `host/path`, a URL, or `*.example.com`. The `/v1/` and `/v2/` of old Docker keys mean
 * the whole host. `undefined` where it names no host.
 */
export const parseMatch = (key: string): Match | undefined => {
  const bare = key.trim().replace(/^https?:\/\//i, '');
  const [first = '', ...segments] = bare.split('/');
  const host = canonicalRegistry(first);
  if (!hostPattern.test(host)) return undefined;
  const path = segments.filter((segment) => segment !== '');
  const isVersion = path[0] === 'v1' || path[0] === 'v2';
  return { ...splitHost(host), path: isVersion ? path.slice(1) : path };
};

/** Whether `text` fits a pattern in which `*` stands for any characters. Linear: no backtracking past a part that was found. */
const matchesLabel = (pattern: string, text: string): boolean => {
  const [head = '', ...rest] = pattern.split('*');
  const tail = rest.pop();
  if (tail === undefined) return pattern === text;
  if (text.length < head.length + tail.length || !text.startsWith(head) || !text.endsWith(tail)) return false;
  let position = head.length;
  for (const part of rest) {
    const found = text.indexOf(part, position);
    if (found === -1) return false;
    position = found + part.length;
  }
  return position <= text.length - tail.length;
};

const matches = (match: Match, { registry, repository }: Repository): boolean => {
  if (match.labels === undefined) return true;
  const { labels, port } = splitHost(registry);
  const segments = repository.split('/');
  return (
    match.port === port &&
    match.labels.length === labels.length &&
    match.labels.every((label, index) => matchesLabel(label, labels[index] ?? '')) &&
    match.path.every((segment, index) => segment === segments[index])
  );
};

const wildcards = ({ labels }: Match): number =>
  labels?.filter((label) => label.includes('*')).length ?? Number.MAX_SAFE_INTEGER;

/** Longer paths first, then fewer wildcards. */
const bySpecificity = (a: CredentialEntry, b: CredentialEntry): number =>
  b.match.path.length - a.match.path.length || wildcards(a.match) - wildcards(b.match);

/**
 * A keychain of these entries: for a repository, every credential whose host (with port) and leading path segments match, most
 * specific first and otherwise in the order given. `host/team` is for `host/team/app` and not for `host/team-other/app`.
 */
export const createKeychain = (entries: readonly CredentialEntry[]): Keychain => {
  // Array.prototype.toSorted is stable: entries given first stay first.
  const sorted = entries.toSorted(bySpecificity);
  return (repository) => {
    const found = new Map<string, Credential | CredentialHelper>();
    for (const entry of sorted) {
      if (!matches(entry.match, repository)) continue;
      const offer = 'helper' in entry ? entry.helper(repository) : entry.credential;
      if (!found.has(offer.id)) found.set(offer.id, offer);
    }
    return [...found.values()];
  };
};
