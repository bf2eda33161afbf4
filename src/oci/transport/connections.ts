import { createSecureContext, getCACertificates, type SecureContext } from 'node:tls';
import { Agent, buildConnector, type Dispatcher, ProxyAgent } from 'undici';
import type { Clock } from '../../lib/clock.ts';
import { createBoundedMap } from '../bounded-map.ts';
import { repositoryUrl } from '../request.ts';
import { type AddressPolicy, guardedLookup } from './address.ts';
import {
  type Certificates,
  fingerprint,
  type HostCertificates,
  noCertificates,
  type ReadCertificates,
} from './certificates.ts';
import type { ChooseProxy } from './proxy.ts';
import { type RegistryRequest, requestError } from './send.ts';
import { createTlsMemory, type TlsMemory } from './tls-facts.ts';

/** How connections are made. */
export type ConnectionOptions = {
  readonly addresses: AddressPolicy;
  readonly certificates: Certificates;
  readonly chooseProxy: ChooseProxy;
  readonly connectMs: number;
  readonly idleMs: number;
  readonly clock: Pick<Clock, 'monotonic'>;
};

/** Pools of connections. */
export type Connections = {
  /** What to send a request through. */
  readonly for: (request: RegistryRequest) => Promise<Dispatcher>;
  /** What the server behind a URL showed when it was last connected to. */
  readonly tlsOf: TlsMemory['of'];
  readonly close: () => Promise<void>;
};

/** How long read certificates are believed: whoever replaces files sees them used within a minute. */
const rereadMs = 60_000;
const maxHosts = 10_000;
/** Pools kept: two where nothing is set up, two more for each set of certificates. */
const maxPools = 256;

type Kind = {
  readonly insecure: boolean;
  readonly proxy: URL | undefined;
  readonly certificates: HostCertificates;
};

const hasAny = ({ ca, cert }: HostCertificates): boolean => ca.length + cert.length > 0;

/** Made once per pool: reading the authorities that Node knows takes longer than a handshake. */
const secureContextOf = ({ ca, cert, key }: HostCertificates): SecureContext =>
  createSecureContext({ ca: [...getCACertificates(), ...ca], cert: [...cert], key: [...key] });

/**
 * Has a socket fail with the TLS alert that it got. One that comes after the handshake, as from a server that misses a client
 * certificate, is otherwise told as a connection that was closed.
 */
const withAlerts =
  (connector: buildConnector.connector, { note }: TlsMemory): buildConnector.connector =>
  (options, callback) =>
    connector(options, (...result) => {
      const [, socket] = result;
      socket?.prependOnceListener('error', (error) => socket.destroy(error));
      note(`${options.hostname}:${options.port === '' ? '443' : options.port}`, socket);
      callback(...result);
    });

const createPool = (
  kind: Kind,
  { addresses, connectMs, idleMs }: ConnectionOptions,
  memory: TlsMemory,
): Dispatcher => {
  const tls = {
    timeout: connectMs,
    rejectUnauthorized: !kind.insecure,
    ...(hasAny(kind.certificates) ? { secureContext: secureContextOf(kind.certificates) } : {}),
  };
  const common = { allowH2: false, headersTimeout: idleMs, bodyTimeout: idleMs };
  if (kind.proxy === undefined) {
    const connector = buildConnector({ ...tls, allowH2: false, lookup: guardedLookup(addresses) });
    return new Agent({ ...common, connect: withAlerts(connector, memory) });
  }
  // The proxy is the operator's, so its own address is nobody's to refuse; it looks names up for us.
  const uri = kind.proxy.href;
  return new ProxyAgent({ ...common, uri, requestTls: tls, connectTimeout: connectMs });
};

/**
 * Keeps connections alive per host, apart for requests that verify certificates and those that need not. A host is shown only its
 * own client certificates; the authorities of a registry are believed for its token server and storage as well.
 */
export const createConnections = (options: ConnectionOptions): Connections => {
  const { clock, certificates, chooseProxy } = options;
  const memory = createTlsMemory();
  const pools = new Map<string, Dispatcher>();
  const reads = createBoundedMap<{ readonly atMs: number; readonly read: Promise<ReadCertificates> }>(
    maxHosts,
  );

  const certificatesOf = async (request: RegistryRequest, host: string): Promise<HostCertificates> => {
    const kept = reads.get(host);
    const isFresh = kept !== undefined && clock.monotonic() - kept.atMs < rereadMs;
    const read = isFresh ? kept.read : certificates(host);
    if (!isFresh) reads.set(host, { atMs: clock.monotonic(), read });
    const found = await read;
    if (found.ok) return found.certificates;
    reads.delete(host);
    throw requestError(request, 'certificate', found.problem, { fault: 'certificate-files' });
  };

  const collect = async (request: RegistryRequest): Promise<HostCertificates> => {
    const { host } = request.url;
    const own = await certificatesOf(request, host);
    const registry = repositoryUrl(request.repository, '').host;
    const behind = host === registry ? noCertificates : await certificatesOf(request, registry);
    return { ...own, ca: [...own.ca, ...behind.ca] };
  };

  const poolOf = (kind: Kind): Dispatcher => {
    const mark = hasAny(kind.certificates) ? fingerprint(kind.certificates) : '';
    const key = JSON.stringify([kind.insecure, kind.proxy?.href, mark]);
    const pool = pools.get(key) ?? createPool(kind, options, memory);
    pools.delete(key);
    pools.set(key, pool);
    const [oldest] = pools;
    if (pools.size > maxPools && oldest !== undefined) {
      pools.delete(oldest[0]);
      void oldest[1].close();
    }
    return pool;
  };

  return {
    for: async (request) => {
      const isTls = request.url.protocol === 'https:';
      return poolOf({
        insecure: request.access.insecure,
        proxy: chooseProxy(request.url),
        certificates: isTls ? await collect(request) : noCertificates,
      });
    },
    tlsOf: memory.of,
    close: async () => {
      await Promise.all([...pools.values()].map((pool) => pool.destroy()));
    },
  };
};
