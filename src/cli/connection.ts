import { CliError } from './errors.ts';
import { inClusterConnection } from './in-cluster.ts';
import { type Entry, type Kubeconfig, loadKubeconfig, type Section } from './kubeconfig.ts';
import { textOf } from './untyped.ts';
import { pemOf, type SignInPorts, type UserCredentials, userCredentials } from './user-credentials.ts';

/** Environment variables by name, as far as they name proxies. */
type ProxySettings = Readonly<Record<string, string | undefined>>;

/** How to reach one API server, and as whom. Certificates and keys are PEM texts. */
export type Connection = UserCredentials & {
  readonly server: URL;
  readonly namespace: string;
  /** The kubeconfig that said so, for messages. */
  readonly source: string;
  readonly ca?: string;
  /** Name that the server's certificate must hold, where it is not the host of the address. */
  readonly serverName?: string;
  /** The server's certificate is not verified. */
  readonly insecure: boolean;
  /** Proxies on the way, in the form of the environment variables that Node knows; absent: none. */
  readonly proxy?: ProxySettings;
};

/** What the command line says about the connection. */
export type ConnectionOptions = {
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
};

/** A named entry of a section. */
const entryOf = (section: Section, kind: string, name: string, source: string): Entry => {
  const entry = section.get(name);
  if (entry !== undefined) return entry;
  const known = [...section.keys()].map((known) => `"${known}"`).join(', ');
  throw new CliError('usage', `${source} has no ${kind} "${name}"${known === '' ? '' : `; it has ${known}`}`);
};

const serverOf = (cluster: Entry, source: string): URL => {
  const text = textOf(cluster.fields['server']) ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new CliError('usage', `${source}: the server "${text}" is no http(s) address`);
  return url;
};

const isLoopback = ({ hostname }: URL): boolean => /^(?:localhost|127\.[\d.]+|\[::1\])$/.test(hostname);

/** The proxy that the kubeconfig names, else that of the environment: which never stands between us and this machine. */
const proxyOf = (
  cluster: Entry,
  server: URL,
  source: string,
  env: ProxySettings,
): ProxySettings | undefined => {
  const text = textOf(cluster.fields['proxy-url']);
  if (text === undefined) {
    const names = ['HTTPS_PROXY', 'https_proxy', 'HTTP_PROXY', 'http_proxy', 'NO_PROXY', 'no_proxy'];
    const set = names.flatMap((name) => (env[name] ? [[name, env[name]]] : []));
    return isLoopback(server) || set.length === 0 ? undefined : Object.fromEntries(set);
  }
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new CliError(
      'usage',
      `${source}: the proxy-url "${text}" is no http(s) address, which is all that is supported`,
    );
  return { HTTPS_PROXY: text, HTTP_PROXY: text };
};

/**
 * Finds the API server that the kubeconfig's context names or, where there is no kubeconfig, that of the pod that this runs in.
 *
 * @throws {CliError} `unreachable` without either, `usage` when what the kubeconfig says cannot be used.
 */
export const loadConnection = async (options: ConnectionOptions, ports: SignInPorts): Promise<Connection> => {
  let config: Kubeconfig;
  try {
    config = await loadKubeconfig(options.kubeconfig, ports);
  } catch (error) {
    // Only to have found none is no answer of the user's.
    const isNone = error instanceof CliError && error.code === 'unreachable';
    const pod = isNone ? await inClusterConnection(options.namespace, ports) : undefined;
    if (pod === undefined) throw error;
    return pod;
  }
  return connectionOf(config, options, ports);
};

/** The connection that a context of a kubeconfig describes. */
const connectionOf = async (
  config: Kubeconfig,
  options: ConnectionOptions,
  ports: SignInPorts,
): Promise<Connection> => {
  const source = config.sources.join(', ');
  const contextName = options.context ?? config.currentContext;
  if (contextName === undefined)
    throw new CliError('usage', `${source} has no current context; choose one with --context NAME`);
  const context = entryOf(config.contexts, 'context', contextName, source).fields;
  const cluster = entryOf(config.clusters, 'cluster', textOf(context['cluster']) ?? '', source);
  const userName = textOf(context['user']);
  const user: Entry =
    userName === undefined ? { fields: {}, directory: '' } : entryOf(config.users, 'user', userName, source);
  const server = serverOf(cluster, source);
  const ca = await pemOf(cluster, 'certificate-authority', ports);
  const serverName = textOf(cluster.fields['tls-server-name']);
  const proxy = proxyOf(cluster, server, source, ports.env);
  return {
    server,
    namespace: options.namespace ?? textOf(context['namespace']) ?? 'default',
    source,
    insecure: cluster.fields['insecure-skip-tls-verify'] === true,
    ...(ca === undefined ? {} : { ca }),
    ...(serverName === undefined ? {} : { serverName }),
    ...(proxy === undefined ? {} : { proxy }),
    ...(await userCredentials(user, { cluster, ca, source }, ports)),
  };
};
