import { isJsonObject, type JsonObject } from '../json.ts';
import type { Credential } from '../types.ts';
import { basicCredential, identityToken } from './credential.ts';
import type { DockerHelpers } from './docker-helper.ts';
import { type CredentialEntry, everyHost, parseMatch } from './keychain.ts';

/** What a file of credentials holds. What could not be read is said in `problems`, without a secret, and the rest is kept. */
export type ParsedDockerConfig = {
  readonly entries: readonly CredentialEntry[];
  readonly problems: readonly string[];
};

type Text = string | undefined;

const textOf = (value: unknown): Text => (typeof value === 'string' && value !== '' ? value : undefined);

const base64Pattern = /^[A-Za-z0-9+/_-]*={0,2}$/;

/** `auth`: base64 of `user:password`. Docker pads some with NUL. */
const decodeAuth = (auth: string): { username: string; password: string } | undefined => {
  const compact = auth.trim();
  if (!base64Pattern.test(compact)) return undefined;
  const text = Buffer.from(compact, 'base64').toString('utf8').replace(/\0+$/, '');
  const colon = text.indexOf(':');
  return colon < 1 ? undefined : { username: text.slice(0, colon), password: text.slice(colon + 1) };
};

/** The credential of one entry, a sentence why there is none, or `undefined` where the entry is empty, as credential stores leave it. */
const credentialOf = (entry: JsonObject, source: string): Credential | string | undefined => {
  const auth = textOf(entry['auth']);
  const decoded = auth === undefined ? undefined : decodeAuth(auth);
  if (auth !== undefined && decoded === undefined) return 'auth is not base64 of user:password';
  const username = decoded?.username ?? textOf(entry['username']);
  const password = decoded?.password ?? textOf(entry['password']);
  const token = textOf(entry['identitytoken']);
  if (token !== undefined) return identityToken(username ?? '', token, source);
  if (username === undefined && password === undefined) return undefined;
  if (username === undefined) return 'the user name is missing';
  return basicCredential(username, password ?? '', source);
};

const parseAuths = (auths: JsonObject, source: string): ParsedDockerConfig => {
  const entries: CredentialEntry[] = [];
  const problems: string[] = [];
  for (const [name, entry] of Object.entries(auths)) {
    const match = parseMatch(name);
    const credential = isJsonObject(entry) ? credentialOf(entry, source) : 'the entry is not an object';
    if (match === undefined) problems.push(`${source}: ${JSON.stringify(name)} is not a registry`);
    else if (typeof credential === 'string') problems.push(`${source}: ${name}: ${credential}`);
    else if (credential !== undefined) entries.push({ match, credential });
  }
  return { entries, problems };
};

/** `credHelpers` before `credsStore`, as docker has it. */
const parseHelpers = (config: JsonObject, source: string, helpers: DockerHelpers): ParsedDockerConfig => {
  const entries: CredentialEntry[] = [];
  const problems: string[] = [];
  const add = (at: string, name: unknown, key: string | undefined): void => {
    const match = key === undefined ? everyHost : parseMatch(key);
    // Docker writes an empty name for "none".
    if (name === undefined || name === null || name === '') return;
    const helper = typeof name === 'string' ? helpers({ name, key, source }) : undefined;
    if (match === undefined) problems.push(`${source}: ${at} is not for a registry`);
    else if (helper === undefined) problems.push(`${source}: ${at} names no helper`);
    else entries.push({ match, helper });
  };
  const credHelpers = config['credHelpers'];
  if (isJsonObject(credHelpers)) {
    for (const [key, name] of Object.entries(credHelpers))
      add(`credHelpers ${JSON.stringify(key)}`, name, key);
  } else if (credHelpers !== undefined && credHelpers !== null) {
    problems.push(`${source}: credHelpers is not an object`);
  }
  add('credsStore', config['credsStore'], undefined);
  return { entries, problems };
};

const parseStatic = (config: JsonObject, source: string): ParsedDockerConfig => {
  const auths = config['auths'];
  if (auths === undefined || auths === null) {
    // Without `auths` only entries that are objects with credentials can be meant; other settings of a config.json are not.
    return parseAuths(legacyEntries(config), source);
  }
  return isJsonObject(auths)
    ? parseAuths(auths, source)
    : { entries: [], problems: [`${source}: auths is not an object`] };
};

const readWhole = (text: string): JsonObject | string => {
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    // The parser's message quotes the text, and the text holds passwords.
    return 'not valid JSON';
  }
  if (!isJsonObject(json)) return 'not a JSON object';
  return 'apiVersion' in json && 'kind' in json
    ? 'an object of Kubernetes, and not what its data holds, decoded'
    : json;
};

/** What is wrong with a file of credentials as a whole, as a part of a sentence; undefined: nothing. */
export const dockerConfigProblem = (text: string): string | undefined => {
  const whole = readWhole(text);
  return typeof whole === 'string' ? whole : undefined;
};

/**
 * Reads `~/.docker/config.json` and what `kubernetes.io/dockerconfigjson` secrets hold (`auths`), or the older `.dockercfg`
 * (the same map without `auths` around it). `source` names the file or secret in problems and in credentials.
 *
 * Helpers (`credHelpers`, `credsStore`) count only where `helpers` is given: for files of the operator, and never for secrets, whose
 * authors must not choose programs that run here.
 *
 * @see https://kubernetes.io/docs/concepts/containers/images/#config-json
 */
export const parseDockerConfig = (
  text: string,
  source: string,
  helpers?: DockerHelpers,
): ParsedDockerConfig => {
  const unreadable = (problem: string): ParsedDockerConfig => ({
    entries: [],
    problems: [`${source}: ${problem}`],
  });
  const json = readWhole(text);
  if (typeof json === 'string') return unreadable(json);
  const dynamic = helpers === undefined ? { entries: [], problems: [] } : parseHelpers(json, source, helpers);
  const fixed = parseStatic(json, source);
  return {
    entries: [...dynamic.entries, ...fixed.entries],
    problems: [...dynamic.problems, ...fixed.problems],
  };
};

const credentialFields = ['auth', 'username', 'password', 'identitytoken', 'email'];

const legacyEntries = (json: JsonObject): JsonObject =>
  Object.fromEntries(
    Object.entries(json).filter(
      ([, entry]) => isJsonObject(entry) && credentialFields.some((field) => field in entry),
    ),
  );
