import { Cluster, Redis, type RedisOptions } from 'ioredis';
import { exponentialBackoff } from '../lib/backoff.ts';
import { describeRedis, type RedisTarget } from './redis-url.ts';

/** A connection that is kept up. */
export type RedisConnection = {
  readonly client: Redis | Cluster;
  /** Resolves when commands can be sent; rejects with why not after a while, or with `signal.reason`. */
  readonly ready: (signal: AbortSignal) => Promise<void>;
  readonly close: () => void;
};

export type RedisClientOptions = {
  readonly target: RedisTarget;
  /** Certificates (PEM) to trust instead of the system's. */
  readonly ca: string | undefined;
  /** How long an answer may take. Default 5 s. */
  readonly commandTimeoutMs?: number;
};

/** The Redis cannot be reached or refused. Holds no command: those may hold a password, and logs print what an error holds. */
export class RedisError extends Error {
  override readonly name = 'RedisError';
}

const reconnectBackoff = exponentialBackoff({ baseMs: 100, maxMs: 10_000, jitter: 0.5 });
const connectTimeoutMs = 5_000;

const clientOptions = ({ target, ca, commandTimeoutMs = 5_000 }: RedisClientOptions) =>
  ({
    ...(target.username === undefined ? {} : { username: target.username }),
    ...(target.password === undefined ? {} : { password: target.password }),
    ...(target.tls ? { tls: ca === undefined ? {} : { ca } } : {}),
    // A command whose answer was lost may have been carried out: nobody but us may decide to send it again.
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    commandTimeout: commandTimeoutMs,
    connectTimeout: connectTimeoutMs,
    connectionName: 'imagestreams',
  }) satisfies RedisOptions;

const createClient = (options: RedisClientOptions): Redis | Cluster => {
  const { target, ca } = options;
  const [first] = target.hosts;
  const shared = clientOptions(options);
  // Nothing is queued while there is no connection: it would be sent later, when it may no longer be true.
  const enableOfflineQueue = false;
  switch (target.kind) {
    case 'single':
      return new Redis({
        ...shared,
        host: first?.host ?? '',
        port: first?.port ?? 0,
        db: target.db,
        enableOfflineQueue,
        retryStrategy: reconnectBackoff,
      });
    case 'sentinel':
      return new Redis({
        ...shared,
        sentinels: [...target.hosts],
        name: target.master,
        db: target.db,
        ...(target.sentinelPassword === undefined ? {} : { sentinelPassword: target.sentinelPassword }),
        ...(target.tls
          ? { enableTLSForSentinelMode: true, sentinelTLS: ca === undefined ? {} : { ca } }
          : {}),
        enableOfflineQueue,
        retryStrategy: reconnectBackoff,
        sentinelRetryStrategy: reconnectBackoff,
      });
    case 'cluster':
      return new Cluster([...target.hosts], {
        redisOptions: shared,
        enableOfflineQueue,
        clusterRetryStrategy: reconnectBackoff,
        // These two would send unanswered commands again.
        retryDelayOnFailover: 0,
        retryDelayOnClusterDown: 0,
      });
  }
};

/** Connects, and again with growing pauses whenever the connection is lost. */
export const connectRedis = (options: RedisClientOptions): RedisConnection => {
  const client = createClient(options);
  const place = describeRedis(options.target);
  let lastProblem = 'no answer';
  client.on('error', (error: Error) => {
    lastProblem = error.message;
  });
  const ready = async (signal: AbortSignal): Promise<void> => {
    if (client.status === 'ready') return;
    const limit = AbortSignal.any([signal, AbortSignal.timeout(connectTimeoutMs)]);
    await new Promise<void>((resolve, reject) => {
      const settle = (done: () => void) => (): void => {
        client.off('ready', onReady);
        limit.removeEventListener('abort', onLimit);
        done();
      };
      const onReady = settle(resolve);
      const onLimit = settle(() =>
        reject(signal.aborted ? signal.reason : new RedisError(`${place}: ${lastProblem}`)),
      );
      client.once('ready', onReady);
      if (limit.aborted) onLimit();
      else limit.addEventListener('abort', onLimit, { once: true });
    });
  };
  return { client, ready, close: () => client.disconnect() };
};
