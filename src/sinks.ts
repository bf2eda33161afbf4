import { readFile } from 'node:fs/promises';
import type { EventSink } from './controllers/index.ts';
import { createCloudEventsSink } from './events/cloudevents.ts';
import { createCursorStore } from './events/cursor-store.ts';
import { createPost } from './events/http-post.ts';
import { parseRedisUrl } from './events/redis-url.ts';
import { parseSecrets } from './events/signature.ts';
import type { Clock } from './lib/clock.ts';
import type { Config } from './settings.ts';
import type { Store } from './store/store.ts';

/** Sinks of change events that are open. */
export type OpenSinks = {
  readonly sinks: readonly EventSink[];
  readonly close: () => void;
};

/** A setting of a sink names a file that is of no use; the message names both. */
export class SinkSettingsError extends Error {
  override readonly name = 'SinkSettingsError';
}

export type SinkOptions = {
  readonly config: Config;
  /** Where cursors are kept that a sink cannot keep itself. */
  readonly store: Store;
  readonly clock: Clock;
  /** Which term of leadership this is; a constant where there is only one program. */
  readonly epoch: () => number;
};

const readSetting = async (flag: string, path: string): Promise<string> => {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    const problem = error instanceof Error ? error.message : String(error);
    throw new SinkSettingsError(`${flag}: ${problem}`, { cause: error });
  }
};

const openRedis = async ({ config, epoch }: SinkOptions) => {
  const { redisUrl, redisUrlFile, redisCaFile, redisPrefix, redisMaxLength } = config;
  if (redisUrl === '' && redisUrlFile === '') return [];
  const parsed = parseRedisUrl(
    redisUrl === '' ? await readSetting('--redis-url-file', redisUrlFile) : redisUrl,
  );
  if ('problem' in parsed) throw new SinkSettingsError(`--redis-url-file: ${redisUrlFile} ${parsed.problem}`);
  const ca = redisCaFile === '' ? undefined : await readSetting('--redis-ca-file', redisCaFile);
  // Loaded when it is used: most installations have no Redis.
  const { createRedisSink } = await import('./events/redis.ts');
  return [
    createRedisSink({ target: parsed.target, ca, prefix: redisPrefix, maxLength: redisMaxLength, epoch }),
  ];
};

/** How long a receiver may take to answer. */
const receiverTimeoutMs = 10_000;

const openCloudEvents = async ({ config, store, clock }: SinkOptions) => {
  const { cloudeventsUrl, cloudeventsSecretFile, cloudeventsCaFile } = config;
  if (cloudeventsUrl.length === 0) return [];
  const ca =
    cloudeventsCaFile === '' ? undefined : await readSetting('--cloudevents-ca-file', cloudeventsCaFile);
  const readSecrets = async (): Promise<readonly Buffer[]> =>
    cloudeventsSecretFile === ''
      ? []
      : parseSecrets(await readSetting('--cloudevents-secret-file', cloudeventsSecretFile));
  if (cloudeventsSecretFile !== '' && (await readSecrets()).length === 0)
    throw new SinkSettingsError(`--cloudevents-secret-file: ${cloudeventsSecretFile} holds no secret`);
  const cursors = createCursorStore(
    store,
    cloudeventsUrl.map(({ name }) => name),
  );
  return cloudeventsUrl.map(({ name, url }) =>
    createCloudEventsSink({
      name,
      cursors,
      readSecrets,
      clock,
      ...createPost({ url, ca, timeoutMs: receiverTimeoutMs }),
    }),
  );
};

/**
 * Opens the sinks that the settings name. They connect by themselves: one that is down now keeps nobody from starting.
 *
 * @throws {SinkSettingsError} when a file cannot be read or used.
 */
export const openSinks = async (options: SinkOptions): Promise<OpenSinks> => {
  const sinks = [...(await openRedis(options)), ...(await openCloudEvents(options))];
  return { sinks, close: () => sinks.forEach((sink) => sink.close()) };
};
