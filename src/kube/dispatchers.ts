import { Agent, type Dispatcher, ProxyAgent, Socks5ProxyAgent } from 'undici';
import type { TlsMaterial } from './connection.ts';

const connectMs = 5_000;
/** Sooner than load balancers forget idle connections. */
const keepAliveProbeMs = 30_000;

/** Watches have connections of their own, which are cut when the certificates change. */
type Pair = { readonly requests: Dispatcher; readonly streams: Dispatcher };

const createDispatcher = (tls: TlsMaterial, proxy: URL | undefined): Dispatcher => {
  const connect = { ...tls, timeout: connectMs, keepAlive: true, keepAliveInitialDelay: keepAliveProbeMs };
  // As many as there are requests: the throttle bounds these, and a request that waited here would be sent later than it was checked.
  const connections = null;
  if (proxy === undefined) return new Agent({ connect, connections });
  if (proxy.protocol.startsWith('socks'))
    return new Socks5ProxyAgent(proxy, { connections, requestTls: connect });
  return new ProxyAgent({ uri: proxy.href, requestTls: connect, connections });
};

const isSame = (a: TlsMaterial, b: TlsMaterial): boolean =>
  (['ca', 'cert', 'key', 'rejectUnauthorized', 'servername'] as const).every(
    (name) => String(a[name]) === String(b[name]),
  );

/** Connections to one API server; made anew when the certificates change, as those of a cluster do while programs run. */
export const createDispatchers = (proxy: URL | undefined) => {
  let current: { readonly tls: TlsMaterial; readonly pair: Pair } | undefined;
  const closePair = async ({ requests, streams }: Pair): Promise<void> => {
    // A watch would keep its connection for minutes: it is resumed on another.
    await Promise.all([requests.close(), streams.destroy()]);
  };
  return {
    for: (tls: TlsMaterial): Pair => {
      if (current !== undefined && isSame(current.tls, tls)) return current.pair;
      if (current !== undefined) void closePair(current.pair);
      const pair = {
        requests: createDispatcher(tls, proxy),
        streams: createDispatcher(tls, proxy),
      };
      current = { tls, pair };
      return pair;
    },
    close: async (): Promise<void> => {
      if (current === undefined) return;
      await Promise.all([current.pair.requests.destroy(), current.pair.streams.destroy()]);
    },
  };
};
