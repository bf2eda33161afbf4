import { type Agent, type AgentOptions, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { StatusError } from '../api/status.ts';
import type { Connection } from './connection.ts';
import { CliError } from './errors.ts';

/** A connection, and what keeps its sockets. */
export type SignedIn = { readonly connection: Connection; readonly agent: Agent };

/** A way to one API server, of which the credentials change while it is used: tokens end, files and plugins give others. */
export type Session = {
  readonly namespace: string;
  /** Does `work` with credentials that hold; once more with fresh ones, where there are any, if the server does not accept them. */
  readonly signedIn: <T>(work: (now: SignedIn) => Promise<T>) => Promise<T>;
};

export type SessionPorts = {
  readonly nowMs: () => number;
  /** Finds the server and signs in, anew each time. */
  readonly load: () => Promise<Connection>;
};

/** Node came to know proxies with this version; one before would go past them without a word. */
const proxiesSince = [24, 5] as const;

const knowsProxies = (): boolean => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  return major > proxiesSince[0] || (major === proxiesSince[0] && minor >= proxiesSince[1]);
};

const agentOf = (connection: Connection): Agent => {
  const { server, proxy, insecure, ca, certificate, key, serverName } = connection;
  if (proxy !== undefined && !knowsProxies())
    throw new CliError(
      'failed',
      `a proxy needs Node ${proxiesSince.join('.')} or newer; this is ${process.version}`,
    );
  const options: AgentOptions = { keepAlive: true, ...(proxy === undefined ? {} : { proxyEnv: proxy }) };
  if (server.protocol === 'http:') return new HttpAgent(options);
  return new HttpsAgent({
    ...options,
    rejectUnauthorized: !insecure,
    ...(ca === undefined ? {} : { ca }),
    ...(certificate === undefined ? {} : { cert: certificate }),
    ...(key === undefined ? {} : { key }),
    ...(serverName === undefined ? {} : { servername: serverName }),
  });
};

const isSame = (a: Connection, b: Connection): boolean =>
  a.authorization === b.authorization && a.certificate === b.certificate && a.key === b.key;

const isUnauthorized = (error: unknown): boolean => error instanceof StatusError && error.status.code === 401;

/** Opens a session with a connection that was loaded just now. */
export const createSession = (first: Connection, { nowMs, load }: SessionPorts): Session => {
  let current: SignedIn = { connection: first, agent: agentOf(first) };
  let renewal: Promise<SignedIn> | undefined;

  const renew = async (): Promise<SignedIn> => {
    const connection = await load();
    if (isSame(connection, current.connection)) return current;
    // What is under way on the old sockets goes on; they are closed when nothing needs them.
    current = { connection, agent: agentOf(connection) };
    return current;
  };

  /** Requests that find at the same time that they need others share them: a plugin may ask the user for a password. */
  const renewed = (): Promise<SignedIn> => {
    renewal ??= renew().finally(() => {
      renewal = undefined;
    });
    return renewal;
  };

  return {
    namespace: first.namespace,
    signedIn: async (work) => {
      const { expiresAtMs } = current.connection;
      const used = expiresAtMs !== undefined && expiresAtMs <= nowMs() ? await renewed() : current;
      try {
        return await work(used);
      } catch (error) {
        if (!isUnauthorized(error)) throw error;
        const other = current === used ? await renewed() : current;
        if (other === used) throw error;
        return work(other);
      }
    },
  };
};
