import type { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

/** There is no way to a cluster; `message` says what is wrong with the kubeconfig and is for whoever starts the program. */
export class KubeconfigError extends Error {
  override readonly name = 'KubeconfigError';
}

/** What proves who we are and whom we talk to. */
export type TlsMaterial = {
  readonly ca?: string | Buffer;
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  readonly rejectUnauthorized?: boolean;
  readonly servername?: string;
};

export type Credentials = { readonly headers: Readonly<Record<string, string>>; readonly tls: TlsMaterial };

/** Where a cluster's API is, and how to sign in there. */
export type Connection = {
  readonly server: URL;
  /** HTTP or SOCKS5 proxy of the kubeconfig. */
  readonly proxy: URL | undefined;
  /** Namespace of the context, or of the pod. */
  readonly namespace: string | undefined;
  /** Credentials as they are now: tokens of pods are read again each minute, exec plugins run again when theirs expire. */
  readonly credentials: () => Promise<Credentials>;
};

/** Where client-node ends up when it finds no kubeconfig and is in no cluster: a guess, not a configuration. */
const guess = 'http://localhost:8080';

const load = (file: string | undefined): KubeConfig => {
  const config = new KubeConfig();
  try {
    if (file === undefined) config.loadFromDefault();
    else config.loadFromFile(file);
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new KubeconfigError(`${file ?? 'KUBECONFIG'}: ${problem}`, { cause: error });
  }
  return config;
};

const requireUrl = (text: string, what: string): URL => {
  const url = URL.parse(text);
  if (url === null) throw new KubeconfigError(`${what}: "${text}" is no URL`);
  return url;
};

const headersOf = (options: RequestOptions): Readonly<Record<string, string>> => {
  const given = (options.headers ?? {}) as Readonly<Record<string, unknown>>;
  const headers = Object.fromEntries(Object.entries(given).map(([name, value]) => [name, String(value)]));
  return typeof options.auth === 'string' && headers['Authorization'] === undefined
    ? { ...headers, Authorization: `Basic ${Buffer.from(options.auth).toString('base64')}` }
    : headers;
};

const tlsOf = ({ ca, cert, key, rejectUnauthorized, servername }: RequestOptions): TlsMaterial =>
  // What client-node puts there is text or bytes, never the lists that Node would take, too.
  ({
    ...(ca === undefined ? {} : { ca: ca as Buffer }),
    ...(cert === undefined ? {} : { cert: cert as Buffer }),
    ...(key === undefined ? {} : { key: key as Buffer }),
    ...(rejectUnauthorized === undefined ? {} : { rejectUnauthorized }),
    ...(servername === undefined ? {} : { servername }),
  });

/**
 * Finds the cluster: the kubeconfig that is given, else `KUBECONFIG`, `~/.kube/config`, or the service account of the pod.
 *
 * Only configuration and sign-in are client-node's; requests are not (DECISIONS.md says why).
 *
 * @throws {KubeconfigError}
 */
export const loadConnection = (file: string | undefined): Connection => {
  const config = load(file);
  const cluster = config.getCurrentCluster();
  if (cluster === null)
    throw new KubeconfigError(
      `${file ?? 'KUBECONFIG'}: the current context "${config.getCurrentContext()}" names no cluster`,
    );
  if (file === undefined && cluster.server === guess)
    throw new KubeconfigError(
      'found no cluster: give --kubeconfig FILE, set KUBECONFIG, or run in a pod with a service account',
    );
  const context = config.getContextObject(config.getCurrentContext());
  return {
    server: requireUrl(cluster.server, 'server of the cluster'),
    proxy: cluster.proxyUrl === undefined ? undefined : requireUrl(cluster.proxyUrl, 'proxy-url'),
    namespace: context?.namespace,
    credentials: async () => {
      const options: RequestOptions & { agent?: Agent } = {};
      await config.applyToHTTPSOptions(options);
      return { headers: headersOf(options), tls: tlsOf(options) };
    },
  };
};
