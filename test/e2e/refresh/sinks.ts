import { createHash } from 'node:crypto';
import type { ChangeEvent } from '../../../src/api/change-event.ts';
import { readEvents } from '../../events/redis-moves.ts';
import { type Receiver, startReceiver } from '../../setup/receiver.ts';
import { type RedisServer, startRedis } from '../../setup/redis.ts';
import type { Serve } from '../serve.ts';

/** What each sink of change events holds: ids in the order in which it was told. */
export type Told = {
  readonly redis: readonly string[];
  readonly cloudEvents: readonly string[];
  readonly feed: readonly string[];
  /** Names of Events beside streams: the stream's name and the beginning of an id. */
  readonly kubernetes: readonly string[];
};

/** Every sink that there is, on real servers. */
export type Sinks = {
  readonly redis: RedisServer;
  readonly receiver: Receiver;
  /** Flags with which a server tells them. */
  readonly args: readonly string[];
  /** Begins to read the feed of a server as it happens; what was told before stands first. */
  readonly followFeed: (
    serve: Serve,
  ) => Promise<{ readonly ids: () => readonly string[]; leave: () => void }>;
  readonly stop: () => Promise<void>;
};

/** Starts servers for all sinks. */
export const startSinks = async (): Promise<Sinks> => {
  const redis = await startRedis();
  const receiver = await startReceiver();
  return {
    redis,
    receiver,
    args: ['--redis-url', redis.url, '--cloudevents-url', receiver.url.href],
    followFeed: async (serve) => {
      const path = '/apis/imagestreams.dev/v1/events?follow=true';
      const { text, leave } = await serve.follow(path, 'text/event-stream');
      return { ids: () => [...text().matchAll(/^id: (.*)$/gm)].map(([, id = '']) => id), leave };
    },
    stop: async () => {
      await receiver.stop();
      await redis.stop();
    },
  };
};

/** The name of the Kubernetes Event of a change. */
export const eventName = (stream: string, id: string): string => `${stream}.${id.slice(0, 16)}`;

type EventList = {
  readonly items: readonly {
    readonly metadata: { readonly name: string };
    readonly involvedObject: { readonly kind: string };
  }[];
};

/** What stands in all sinks now. Requests to the receiver count whether they were answered or not. */
export const readSinks = async (
  { redis, receiver }: Sinks,
  serve: Serve,
  feed: readonly string[],
): Promise<Told> => {
  const { body } = await serve.api('GET', '/api/v1/namespaces/default/events');
  return {
    redis: (await readEvents(redis.url)).map(({ id }) => id),
    cloudEvents: receiver.requests.map(({ event }) => event.id),
    feed,
    kubernetes: (body as EventList).items
      .filter(({ involvedObject }) => involvedObject.kind === 'ImageStream')
      .map(({ metadata }) => metadata.name)
      .toSorted(),
  };
};

/** What each sink holds when it was told of exactly these changes, in this order. */
export const toldOf = (changes: readonly Pick<ChangeEvent, 'id' | 'stream'>[]): Told => {
  const ids = changes.map(({ id }) => id);
  const kubernetes = changes.map(({ id, stream }) => eventName(stream, id)).toSorted();
  return { redis: ids, cloudEvents: ids, feed: ids, kubernetes };
};

/** The id of a revision's event, as the README has it: readers drop what they have seen by it. */
export const idOf = (uid: string, tag: string, revision: number): string =>
  createHash('sha256')
    .update(JSON.stringify([uid, tag, revision]))
    .digest('hex')
    .slice(0, 32);
