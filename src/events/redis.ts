import type { ChangeEvent } from '../api/change-event.ts';
import type { OutboxStep, TagCursors } from '../api/outbox.ts';
import { connectRedis, type RedisClientOptions, RedisError } from './redis-client.ts';
import { forgetScript, publishScript, tellScript } from './redis-scripts.ts';

export type RedisSinkOptions = RedisClientOptions & {
  /** Keys are `{PREFIX}:events`, `{PREFIX}:cursor:UID` … */
  readonly prefix: string;
  /** About how many events the stream keeps. */
  readonly maxLength: number;
  /** Which term of leadership this is: a program of an older one is refused. A constant where there is only one program. */
  readonly epoch: () => number;
};

type Identity = { readonly uid: string; readonly namespace: string; readonly name: string };

/** How long it is remembered that an ImageStream is gone: far longer than a program can lag behind. */
const closedMs = 7 * 24 * 60 * 60 * 1000;

/** Cursors read at a time. */
const pageSize = 500;

const fieldsOf = (event: ChangeEvent): readonly string[] => [
  'id',
  event.id,
  'type',
  event.type,
  'data',
  JSON.stringify(event),
];

const isTag = (field: string): boolean => !field.startsWith('@') && !field.startsWith('!');

const cursorsOf = (fields: Readonly<Record<string, string>>): TagCursors =>
  new Map(
    Object.entries(fields)
      .filter(([field]) => isTag(field))
      .map(([tag, revision]) => [tag, Number(revision)]),
  );

/** Everything that ioredis throws, without the command that it holds: that one may hold a password. */
const failureOf = (error: unknown): RedisError =>
  error instanceof RedisError
    ? error
    : new RedisError(error instanceof Error ? error.message : String(error));

/** What the sink asks of Redis. */
const createCommands = ({ prefix, epoch, ...connection }: RedisSinkOptions) => {
  const { client, ready, close } = connectRedis(connection);
  const index = `{${prefix}}:streams`;
  const cursorKey = (uid: string): string => `{${prefix}}:cursor:${uid}`;

  const ask = async <T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> => {
    await ready(signal);
    try {
      return await work();
    } catch (error) {
      throw failureOf(error);
    }
  };
  return {
    close,
    readCursor: (uid: string, signal: AbortSignal): Promise<Record<string, string>> =>
      ask(() => client.hgetall(cursorKey(uid)), signal),
    scanStreams: (position: string, signal: AbortSignal) =>
      ask(() => client.sscan(index, position, 'COUNT', pageSize), signal),
    run: async (
      script: string,
      uid: string,
      args: readonly (string | number)[],
      signal: AbortSignal,
    ): Promise<'ok' | 'stale'> => {
      const keys = [`{${prefix}}:events`, cursorKey(uid), index, `{${prefix}}:epoch`];
      const answer = await ask(() => client.eval(script, keys.length, ...keys, epoch(), ...args), signal);
      if (answer === 'ok' || answer === 'stale') return answer;
      throw new RedisError(
        answer === 'fenced'
          ? 'another program leads: events are its to tell (if the Lease was deleted, delete the key that ends in :epoch, too)'
          : 'the script gave no answer',
      );
    },
  };
};

/**
 * Change events in a Redis stream. One script appends an event and moves the cursor, or does neither: exactly once while Redis loses
 * no write that it acknowledged. After an answer that was lost the cursor is read again, and says whether the event was taken.
 */
export const createRedisSink = (options: RedisSinkOptions) => {
  const { maxLength } = options;
  const { close, readCursor, scanStreams, run } = createCommands(options);
  return {
    name: 'redis',
    close,
    load: async function* (signal: AbortSignal) {
      let position = '0';
      do {
        const [next, uids] = await scanStreams(position, signal);
        const found = await Promise.all(
          uids.map(async (uid) => ({ uid, fields: await readCursor(uid, signal) })),
        );
        for (const { uid, fields } of found) {
          const [namespace = '', name = ''] = (fields['@name'] ?? '').split('/');
          if (name !== '') yield { uid, namespace, name, tags: cursorsOf(fields) };
        }
        position = next;
      } while (position !== '0');
    },
    read: async ({ uid }: Identity, signal: AbortSignal) => cursorsOf(await readCursor(uid, signal)),
    publish: async (
      { uid, namespace, name }: Identity,
      { tag, after, to, event }: OutboxStep,
      signal: AbortSignal,
    ) => {
      const args = [tag, after, to, uid, `${namespace}/${name}`, maxLength, ...fieldsOf(event)];
      const answer = await run(publishScript, uid, args, signal);
      return { kind: answer === 'ok' ? ('published' as const) : ('stale' as const) };
    },
    tell: async ({ uid }: Identity, event: ChangeEvent, signal: AbortSignal): Promise<void> => {
      await run(tellScript, uid, [event.tag, event.id, maxLength, ...fieldsOf(event)], signal);
    },
    forget: async ({ uid }: Identity, signal: AbortSignal): Promise<void> => {
      await run(forgetScript, uid, [uid, closedMs], signal);
    },
  };
};
