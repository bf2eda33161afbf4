import { parse as parseYaml } from 'yaml';
import { parseDuration } from '../../lib/duration.ts';
import { isJsonObject, type JsonObject } from '../json.ts';
import { type Match, parseMatch } from './keychain.ts';

/** A credential provider of the kubelet, as its configuration describes it. */
export type Provider = {
  /** Name of the program in the directory of providers. */
  readonly name: string;
  readonly matchImages: readonly Match[];
  /** How long an answer is good that does not say so itself. */
  readonly defaultCacheMs: number;
  /** Version of the request, and of the answer. */
  readonly apiVersion: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
};

/** The providers that can be used, and what is wrong with the others. */
export type ParsedProviders = {
  readonly providers: readonly Provider[];
  readonly problems: readonly string[];
};

const configVersion = /^kubelet\.config\.k8s\.io\/v1(?:alpha1|beta1)?$/;
const requestVersion = /^credentialprovider\.kubelet\.k8s\.io\/v1(?:alpha1|beta1)?$/;

const isTextList = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && !item.includes('\0'));

/** A `metav1.Duration`, in milliseconds. Go writes none as `0`. */
export const parseCacheDuration = (value: unknown): number | undefined =>
  value === '0' ? 0 : typeof value === 'string' ? parseDuration(value) : undefined;

const parseEnv = (value: unknown): Readonly<Record<string, string>> | undefined => {
  if (value === undefined || value === null) return {};
  if (!Array.isArray(value)) return undefined;
  const env: Record<string, string> = {};
  for (const item of value as readonly unknown[]) {
    const { name, value: text } = isJsonObject(item) ? item : {};
    if (typeof name !== 'string' || name === '' || typeof text !== 'string') return undefined;
    env[name] = text;
  }
  return env;
};

/** A provider, or what is wrong with it. */
const parseProvider = (name: string, fields: JsonObject): Provider | string => {
  const { apiVersion, matchImages: patterns, args = [] } = fields;
  // It becomes part of a path.
  if (!/^[A-Za-z0-9_][A-Za-z0-9._-]*$/.test(name)) return 'the name is not that of a program';
  if (typeof apiVersion !== 'string' || !requestVersion.test(apiVersion))
    return 'apiVersion is not credentialprovider.kubelet.k8s.io/v1';
  if (!isTextList(patterns) || patterns.length === 0) return 'matchImages lists no images';
  const matchImages = patterns.map(parseMatch).filter((match) => match !== undefined);
  if (matchImages.length < patterns.length) return 'matchImages holds what is no image';
  const defaultCacheMs = parseCacheDuration(fields['defaultCacheDuration']);
  if (defaultCacheMs === undefined) return 'defaultCacheDuration is no duration';
  if (args !== null && !isTextList(args)) return 'args is no list of texts';
  const env = parseEnv(fields['env']);
  if (env === undefined) return 'env is no list of names and values';
  // It wants the token of a pod's service account, and there is no pod here.
  if (isJsonObject(fields['tokenAttributes'])) return 'tokenAttributes needs a kubelet';
  return { name, matchImages, defaultCacheMs, apiVersion, args: args ?? [], env };
};

/**
 * Reads the kubelet's `CredentialProviderConfig` (YAML or JSON). A provider that cannot be used is a problem and no more: the others are.
 *
 * @see https://kubernetes.io/docs/reference/config-api/kubelet-config.v1/#kubelet-config-k8s-io-v1-CredentialProviderConfig
 */
export const parseProviderConfig = (text: string, source: string): ParsedProviders => {
  const unreadable = (problem: string): ParsedProviders => ({
    providers: [],
    problems: [`${source}: ${problem}`],
  });
  let config: unknown;
  try {
    config = parseYaml(text);
  } catch {
    // The parser's message quotes the text, and an environment may hold secrets.
    return unreadable('not valid YAML');
  }
  if (!isJsonObject(config) || config['kind'] !== 'CredentialProviderConfig')
    return unreadable('not a CredentialProviderConfig');
  if (!configVersion.test(String(config['apiVersion'])))
    return unreadable('apiVersion is not kubelet.config.k8s.io/v1');
  const list: unknown = config['providers'];
  if (!Array.isArray(list)) return unreadable('providers is not a list');
  const providers = new Map<string, Provider>();
  const problems: string[] = [];
  for (const [index, item] of (list as readonly unknown[]).entries()) {
    const fields = isJsonObject(item) ? item : {};
    const name = typeof fields['name'] === 'string' ? fields['name'] : '';
    const provider = providers.has(name) ? 'the name is not unique' : parseProvider(name, fields);
    if (typeof provider === 'string')
      problems.push(`${source}: provider ${name === '' ? index + 1 : JSON.stringify(name)}: ${provider}`);
    else providers.set(name, provider);
  }
  return { providers: [...providers.values()], problems };
};
