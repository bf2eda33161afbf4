import { parse as parseYaml } from 'yaml';
import { formatDuration } from './lib/duration.ts';
import type { ProxySettings } from './oci/transport/proxy.ts';
import type { Setting } from './setting-kinds.ts';
import { type Config, flagOf, settingNames, settings, variableOf } from './settings.ts';

type Source = { readonly origin: string; readonly text: string };

const readFlags = (
  argv: readonly string[],
): { readonly values: ReadonlyMap<string, Source>; readonly problems: readonly string[] } => {
  const values = new Map<string, Source>();
  const problems: string[] = [];
  const known = new Map<string, { readonly isSwitch: boolean; readonly isList: boolean }>(
    settingNames.map((name) => {
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
    const known = new Set(settingNames.map(flagOf));
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
  ...intervalConflicts(config),
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

const intervalConflicts = ({ defaultRefreshInterval, minRefreshInterval }: Config): readonly string[] =>
  defaultRefreshInterval < minRefreshInterval
    ? [
        `--default-refresh-interval: ${formatDuration(defaultRefreshInterval)} is less than --min-refresh-interval, ${formatDuration(minRefreshInterval)}; raise it, or lower the other`,
      ]
    : [];

const providerConflicts = (config: Config): readonly string[] => {
  const hasConfig = config.imageCredentialProviderConfig !== '';
  if (hasConfig === (config.imageCredentialProviderBinDir !== '')) return [];
  const [has, lacks] = hasConfig ? ['config', 'bin-dir'] : ['bin-dir', 'config'];
  return [`--image-credential-provider-${has}: needs --image-credential-provider-${lacks}, too`];
};

/** What {@link loadConfig} answers: the settings, or everything that is wrong with them at once. */
export type ConfigResult = { readonly config: Config } | { readonly problems: readonly string[] };

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
  const entries = settingNames.map((name) => {
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
