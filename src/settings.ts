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
  minRefreshInterval: duration(
    '10s',
    'Shortest interval that an annotation, or `--default-refresh-interval`, may ask for.',
  ),
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

/** The flag of a setting. */
export const flagOf = (name: string): string =>
  `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
/** Its environment variable. */
export const variableOf = (name: string): string =>
  `IMAGESTREAMS_${name.replace(/[A-Z]/g, (letter) => `_${letter}`).toUpperCase()}`;

/** All settings. */
export const settingNames = Object.keys(settings) as readonly SettingName[];

/** One line per setting, for `--help` and the README (a test compares them). */
export const settingsHelp = (): readonly {
  readonly flag: string;
  readonly variable: string;
  readonly help: string;
  readonly shown: string;
}[] => [
  ...settingNames.map((name) => {
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
