import { isAbsolute, resolve } from 'node:path';
import { CliError, messageOf } from './errors.ts';
import { inClusterConnection } from './in-cluster.ts';
import { type Entry, type FilePorts, type Kubeconfig, loadKubeconfig, type Section } from './kubeconfig.ts';
import { fieldsOf, textOf } from './untyped.ts';

/** How to reach one API server, and as whom. Certificates and keys are PEM texts. */
export type Connection = {
  readonly server: URL;
  readonly namespace: string;
  /** The kubeconfig that said so, for messages. */
  readonly source: string;
  readonly authorization?: string;
  readonly ca?: string;
  readonly certificate?: string;
  readonly key?: string;
  /** Name that the server's certificate must hold, where it is not the host of the address. */
  readonly serverName?: string;
  /** The server's certificate is not verified. */
  readonly insecure: boolean;
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

/** A PEM given in place (base64, field `<key>-data`) or as a file; the data wins, as in kubectl. */
const pemOf = async (entry: Entry, key: string, ports: FilePorts): Promise<string | undefined> => {
  const data = textOf(entry.fields[`${key}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  return fileOf(entry, key, ports);
};

const fileOf = async (entry: Entry, key: string, ports: FilePorts): Promise<string | undefined> => {
  const path = textOf(entry.fields[key]);
  if (path === undefined) return undefined;
  const absolute = isAbsolute(path) ? path : resolve(entry.directory, path);
  try {
    return await ports.readFile(absolute);
  } catch (error) {
    throw new CliError('usage', `cannot read ${absolute} (${key} of the kubeconfig): ${messageOf(error)}`, {
      cause: error,
    });
  }
};

const authorizationOf = async (user: Entry, ports: FilePorts): Promise<string | undefined> => {
  // kubectl prefers the file to the token: the file is renewed by others.
  const token = (await fileOf(user, 'tokenFile', ports))?.trim() ?? textOf(user.fields['token']);
  if (token !== undefined) return `Bearer ${token}`;
  const username = textOf(user.fields['username']);
  if (username === undefined) return undefined;
  const password = textOf(user.fields['password']) ?? '';
  return `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`;
};

/** Ways to sign in that this program does not know: each is refused instead of left out in silence. */
const refuseUnsupported = (cluster: Entry, user: Entry, source: string): void => {
  const refuse = (what: string): never => {
    throw new CliError(
      'usage',
      `${source} asks for ${what}, which this program does not support yet; use a context with a token or a client certificate`,
    );
  };
  const exec = user.fields['exec'];
  if (exec !== undefined) refuse(`the exec plugin "${textOf(fieldsOf(exec)['command']) ?? ''}" to sign in`);
  if (user.fields['auth-provider'] !== undefined) refuse('an auth-provider to sign in');
  if (user.fields['as'] !== undefined) refuse('impersonation (as)');
  if (textOf(cluster.fields['proxy-url']) !== undefined) refuse('a proxy (proxy-url)');
};

const serverOf = (cluster: Entry, source: string): URL => {
  const text = textOf(cluster.fields['server']) ?? '';
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !['http:', 'https:'].includes(url.protocol))
    throw new CliError('usage', `${source}: the server "${text}" is no http(s) address`);
  return url;
};

/**
 * Finds the API server that the kubeconfig's context names or, where there is no kubeconfig, that of the pod that this runs in.
 *
 * @throws {CliError} `unreachable` without either, `usage` when what the kubeconfig says cannot be used.
 */
export const loadConnection = async (options: ConnectionOptions, ports: FilePorts): Promise<Connection> => {
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
  ports: FilePorts,
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
  refuseUnsupported(cluster, user, source);

  const [authorization, ca, certificate, key] = await Promise.all([
    authorizationOf(user, ports),
    pemOf(cluster, 'certificate-authority', ports),
    pemOf(user, 'client-certificate', ports),
    pemOf(user, 'client-key', ports),
  ]);
  const serverName = textOf(cluster.fields['tls-server-name']);
  return {
    server: serverOf(cluster, source),
    namespace: options.namespace ?? textOf(context['namespace']) ?? 'default',
    source,
    insecure: cluster.fields['insecure-skip-tls-verify'] === true,
    ...(authorization === undefined ? {} : { authorization }),
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { serverName }),
  };
};
