import { createRequire } from 'node:module';
import type { ProxySettings } from './oci/transport/proxy.ts';
import {
  address,
  choice,
  count,
  duration,
  paths,
  receivers,
  redisUrl,
  registries,
  type Setting,
  text,
  toggle,
} from './setting-kinds.ts';

/**
 * Every setting of `serve` and `controller`, in one table. Precedence: flag > environment > file > default. Secrets are only ever file paths.
 */

/** The settings of `serve` and `controller`; the key in kebab case is the flag, in upper snake case after IMAGESTREAMS_ the environment variable. */
export const settings = {
  listen: address('127.0.0.1:8443', 'Address of the API; port 0 picks a free one.'),
  dataDir: text('DIR', '.imagestreams', 'Where the database, the certificates and the kubeconfig live.'),
  apply: paths('FILE|DIR,…', 'Manifests to create or update at start.'),
  kubeconfig: text(
    'FILE',
    '',
    'In a cluster: how to reach it; else KUBECONFIG, ~/.kube/config or the service account of the pod.',
  ),
  namespace: text('NAMESPACE', '', 'In a cluster: the one namespace to work in; none works in all.'),
  secretAccess: choice(
    ['cluster', 'namespace'],
    'cluster',
    'In a cluster: pull secrets are watched in all namespaces, or read only where a RoleBinding of the namespace lets the controller.',
  ),
  healthListen: address('0.0.0.0:8081', 'In a cluster: address of /livez and /readyz.'),
  metricsListen: address('0.0.0.0:8080', 'In a cluster: address of /metrics.'),
  pruneImagesAfter: duration(
    '1h',
    'How long Images that no stream refers to are kept. In a cluster only without --namespace: images belong to all.',
  ),
  importRequestTtl: duration('10m', 'In a cluster: how long finished ImageStreamImports are kept.'),
  allowLoopbackRegistries: toggle('In a cluster: allows registries on loopback addresses.'),
  kubeRequestRate: count(100, 1, 'In a cluster: requests per second to its API server.'),
  demo: toggle('Shows the whole flow with a registry of its own, offline, and ends.'),
  defaultRefreshInterval: duration(
    '15m',
    'How often a scheduled tag is checked when its annotations do not say.',
  ),
  minRefreshInterval: duration('10s', 'Shortest interval that an annotation may ask for.'),
  historyLimit: count(20, 1, 'Images kept per tag in the history.'),
  maxTagsPerRepository: count(500, 0, 'Tags imported of a whole repository; 0 for all.'),
  registryConcurrency: count(8, 1, 'Requests at a time to one registry host.'),
  registryRate: count(
    0,
    0,
    'Requests a second to one registry host; 0 for as many as it bears, which its refusals and rate limit headers tell.',
  ),
  triggersPerMinute: count(
    60,
    0,
    'Workloads changed and builds started per minute and namespace; 0 for any number.',
  ),
  importWorkers: count(16, 1, 'Streams imported at a time.'),
  globalPullSecret: text('FILE', '', 'Docker config file with credentials for every namespace.'),
  dockerConfig: paths(
    'FILE|auto,…',
    'The same, with the credential helpers that the files name; auto: where docker and podman look.',
  ),
  imageCredentialProviderConfig: text(
    'FILE',
    '',
    "The kubelet's CredentialProviderConfig: programs with credentials for every namespace (ECR, GAR, ACR).",
  ),
  imageCredentialProviderBinDir: text('DIR', '', 'Where the programs of that configuration are.'),
  registriesConfig: paths(
    'FILE|DIR,…',
    'Mirrors and locations of registries: registries.conf (TOML), ImageDigestMirrorSets and ImageTagMirrorSets (YAML).',
  ),
  certsDir: paths(
    'DIR,…',
    'Where HOST[:PORT]/*.crt (authorities), *.cert and *.key (client certificates) of registries are.',
    ['/etc/containers/certs.d', '/etc/docker/certs.d'],
  ),
  allowRegistry: registries('The only registries that references may name: HOST[:PORT][/PATH] or *.DOMAIN.'),
  blockRegistry: registries(
    'Registries that are never asked, neither as source nor as mirror; without a port: at any.',
  ),
  trustedRealm: paths('HOST,…', 'Token servers that any registry may send us to.'),
  denyLoopbackRegistries: toggle('Refuses registries on loopback addresses.'),
  redisUrl: redisUrl(
    'Redis for change events: redis:// or rediss://HOST:PORT/DB, redis+sentinel://HOST,HOST/MASTER, redis+cluster://HOST,HOST. A password only in the variable or the file.',
  ),
  redisUrlFile: text('FILE', '', 'The same, read from a file, with the password.'),
  redisCaFile: text(
    'FILE',
    '',
    "Authorities (PEM) that the Redis's certificate is checked with instead of the system's.",
  ),
  redisPrefix: text(
    'NAME',
    'imagestreams',
    'What the keys in Redis begin with: events are in {NAME}:events.',
  ),
  redisMaxLength: count(100_000, 1, 'About how many events the Redis stream keeps.'),
  cloudeventsUrl: receivers(
    'Receivers of change events as CloudEvents over HTTP. The name keeps the place in the history when the URL changes. A password only in the variable or the file of settings.',
  ),
  cloudeventsSecretFile: text(
    'FILE',
    '',
    'Secrets, one a line, that requests to receivers are signed with (HMAC-SHA256, Standard Webhooks).',
  ),
  cloudeventsCaFile: text(
    'FILE',
    '',
    "Authorities (PEM) that receivers' certificates are checked with instead of the system's.",
  ),
  logLevel: choice(['error', 'warn', 'info', 'debug'], 'info', 'Least severe log lines that are written.'),
  logFormat: choice(['auto', 'json', 'pretty'], 'auto', 'auto is pretty on a terminal and JSON otherwise.'),
} as const satisfies Readonly<Record<string, Setting<unknown>>>;

type SettingName = keyof typeof settings;

/** The completed settings, frozen; passed down in parts. */
export type Config = {
  readonly [Name in SettingName]: (typeof settings)[Name] extends Setting<infer T> ? T : never;
} & {
  /** From the variables that all programs read: `HTTPS_PROXY`, `HTTP_PROXY`, `NO_PROXY`. */
  readonly proxy: ProxySettings;
};

/** What {@link loadConfig} answers: the settings, or everything that is wrong with them at once. */
export type ConfigResult = { readonly config: Config } | { readonly problems: readonly string[] };

const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
const variableOf = (name: string): string =>
  `IMAGESTREAMS_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

const names = Object.keys(settings) as readonly SettingName[];

/** One line per setting, for `--help` and the README (a test compares them). */
export const settingsHelp = (): readonly {
  readonly flag: string;
  readonly variable: string;
  readonly help: string;
  readonly shown: string;
}[] => [
  ...names.map((name) => {
    const { placeholder, help, shown }: Setting<unknown> = settings[name];
    return {
      flag: placeholder === undefined ? flagOf(name) : `${flagOf(name)} ${placeholder}`,
      variable: variableOf(name),
      help,
      shown,
    };
  }),
  {
    flag: '--config FILE',
    variable: 'IMAGESTREAMS_CONFIG',
    help: 'YAML file with these settings, by flag name without dashes in front.',
    shown: 'none',
  },
];

type Source = { readonly origin: string; readonly text: string };

const readFlags = (
  argv: readonly string[],
): { readonly values: ReadonlyMap<string, Source>; readonly problems: readonly string[] } => {
  const values = new Map<string, Source>();
  const problems: string[] = [];
  const known = new Map<string, { readonly isSwitch: boolean; readonly isList: boolean }>(
    names.map((name) => {
      const { placeholder, fallback }: Setting<unknown> = settings[name];
      return [flagOf(name), { isSwitch: placeholder === undefined, isList: Array.isArray(fallback) }];
    }),
  );
  known.set('--config', { isSwitch: false, isList: false });
  for (let index = 0; index < argv.length; index++) {
    const [flag = '', inline] = (argv[index] ?? '').split(/=(.*)/s);
    const setting = known.get(flag);
    if (setting === undefined) {
      problems.push(`${flag}: no such flag; see "imagestreams serve --help"`);
    } else if (inline !== undefined || setting.isSwitch) {
      values.set(flag, { origin: flag, text: inline ?? 'true' });
    } else {
      const value = argv[index + 1];
      index += 1;
      if (value === undefined) problems.push(`${flag}: needs a value`);
      // A repeated flag of a list adds to it, as people expect of --apply; of any other the last one counts.
      else {
        const before = setting.isList ? values.get(flag)?.text : undefined;
        values.set(flag, { origin: flag, text: before === undefined ? value : `${before},${value}` });
      }
    }
  }
  return { values, problems };
};

/** Loaded when there is a file: the table of settings is part of `--help`, which must not wait for a parser. */
const parseYaml = (text: string): unknown => {
  const { parse } = createRequire(import.meta.url)('yaml') as { readonly parse: (from: string) => unknown };
  return parse(text);
};

const readConfigFile = (
  path: string,
  readFile: (path: string) => string,
): { readonly values: ReadonlyMap<string, Source>; readonly problems: readonly string[] } => {
  try {
    // A file of comments alone sets nothing.
    const document: unknown = parseYaml(readFile(path)) ?? {};
    if (typeof document !== 'object' || document === null || Array.isArray(document))
      return { values: new Map(), problems: [`${path}: must be a YAML mapping`] };
    const entries = Object.entries(document);
    const known = new Set(names.map(flagOf));
    return {
      values: new Map(
        entries.map(([key, value]) => [
          `--${key}`,
          { origin: `${path}: ${key}`, text: Array.isArray(value) ? value.join(',') : String(value) },
        ]),
      ),
      problems: entries
        .filter(([key]) => !known.has(`--${key}`))
        .map(([key]) => `${path}: ${key}: no such setting`),
    };
  } catch (error) {
    return {
      values: new Map(),
      problems: [`${path}: ${error instanceof Error ? error.message : String(error)}`],
    };
  }
};

type Environment = Readonly<Record<string, string | undefined>>;

/** A variable of either spelling; an empty one is as good as none. */
const sharedVariable = (env: Environment, name: string): string | undefined =>
  [env[name], env[name.toLowerCase()]].find((value) => value !== undefined && value !== '');

const readProxies = (
  env: Environment,
): { readonly proxy: ProxySettings; readonly problems: readonly string[] } => {
  const problems: string[] = [];
  const read = (name: string): URL | undefined => {
    const value = sharedVariable(env, name);
    if (value === undefined) return undefined;
    const url = URL.parse(value.includes('://') ? value : `http://${value}`);
    if (url !== null && (url.protocol === 'http:' || url.protocol === 'https:')) return url;
    // The value is not shown: it may hold a password.
    problems.push(`${name}: is no URL of an HTTP proxy; write for example http://proxy.example:3128`);
    return undefined;
  };
  const proxy = {
    https: read('HTTPS_PROXY'),
    http: read('HTTP_PROXY'),
    noProxy: sharedVariable(env, 'NO_PROXY') ?? '',
  };
  return { proxy, problems };
};

/** What no setting can see by itself. */
const conflicts = (config: Config, flags: ReadonlyMap<string, Source>): readonly string[] => [
  ...providerConflicts(config),
  ...redisConflicts(config),
  ...passwordFlags(flags),
];

/** Arguments of a program can be read by everybody on its machine. */
const passwordFlags = (flags: ReadonlyMap<string, Source>): readonly string[] =>
  (['redisUrl', 'cloudeventsUrl'] as const)
    .filter((name) => /\/\/[^/@]*:.*@|[?&]sentinelPassword=/.test(flags.get(flagOf(name))?.text ?? ''))
    .map((name) => `${flagOf(name)}: holds a password; set ${variableOf(name)} instead, or a file`);

const redisConflicts = (config: Config): readonly string[] => [
  ...(config.redisUrl !== '' && config.redisUrlFile !== ''
    ? ['--redis-url-file: there is --redis-url, too; give one of them']
    : []),
  ...(/[{}\s]/.test(config.redisPrefix) ? ['--redis-prefix: must not hold braces or blanks'] : []),
];

const providerConflicts = (config: Config): readonly string[] => {
  const hasConfig = config.imageCredentialProviderConfig !== '';
  if (hasConfig === (config.imageCredentialProviderBinDir !== '')) return [];
  const [has, lacks] = hasConfig ? ['config', 'bin-dir'] : ['bin-dir', 'config'];
  return [`--image-credential-provider-${has}: needs --image-credential-provider-${lacks}, too`];
};

/** Reads the settings from flags, environment and file; reports every problem at once, each with its source. */
export const loadConfig = (input: {
  readonly argv: readonly string[];
  readonly env: Environment;
  readonly readFile: (path: string) => string;
}): ConfigResult => {
  const flags = readFlags(input.argv);
  const file = flags.values.get('--config')?.text ?? input.env['IMAGESTREAMS_CONFIG'];
  const fromFile =
    file === undefined
      ? { values: new Map<string, Source>(), problems: [] }
      : readConfigFile(file, input.readFile);
  const { proxy, problems: proxyProblems } = readProxies(input.env);
  const problems = [...flags.problems, ...fromFile.problems, ...proxyProblems];
  const entries = names.map((name) => {
    const setting: Setting<unknown> = settings[name];
    const variable = input.env[variableOf(name)];
    const source =
      flags.values.get(flagOf(name)) ??
      (variable === undefined ? undefined : { origin: variableOf(name), text: variable }) ??
      fromFile.values.get(flagOf(name));
    if (source === undefined) return [name, setting.fallback];
    const parsed = setting.parse(source.text);
    if ('value' in parsed) return [name, parsed.value];
    problems.push(`${source.origin}: ${parsed.problem}`);
    return [name, setting.fallback];
  });
  const config = Object.freeze({ ...Object.fromEntries(entries), proxy } as Config);
  problems.push(...(problems.length > 0 ? [] : conflicts(config, flags.values)));
  return problems.length > 0 ? { problems } : { config };
};
