import type { Redis } from 'ioredis';
import type { Client } from '../../test/e2e/programs/client.ts';
import { sharedNowMs } from '../shared-time.ts';
import { deploymentsPath, streamsPath } from './scene.ts';

/** When each stage of a move was seen from outside. */
export type Seen = { readonly statusMs: number; readonly eventMs: number; readonly patchedMs: number };

/** Sees digests arrive in streams, in Redis and in Deployments. */
export type Observer = {
  /** Resolves when a digest was seen everywhere. */
  readonly arrival: (digest: string) => Promise<Seen>;
};

const newestDigest = /"items":\[\{[^\]]*?"image":"(sha256:[0-9a-f]+)"/;
const podDigest = /"containers":\[\{[^\]]*?"image":"[^"]*@(sha256:[0-9a-f]+)"/;
const eventDigest = /"newDigest":"(sha256:[0-9a-f]+)"/;

/** Follows a server and a Redis until `signal` is aborted. */
export const createObserver = async (
  { api, redis, events }: { readonly api: Client; readonly redis: Redis; readonly events: string },
  signal: AbortSignal,
): Promise<Observer> => {
  type Stage = keyof Seen;
  const times = new Map<string, Partial<Record<Stage, number>>>();
  const waiting = new Map<string, (seen: Seen) => void>();
  const failed = Promise.withResolvers<never>();
  failed.promise.catch(() => undefined);

  const saw = (stage: Stage, digest: string | undefined): void => {
    if (digest === undefined) return;
    const seen = times.get(digest) ?? {};
    seen[stage] ??= sharedNowMs();
    times.set(digest, seen);
    const { statusMs, eventMs, patchedMs } = seen;
    if (statusMs === undefined || eventMs === undefined || patchedMs === undefined) return;
    waiting.get(digest)?.({ statusMs, eventMs, patchedMs });
  };
  const newestRevision = async (collection: string): Promise<string> => {
    const { body } = await api.call('GET', `${collection}?limit=1`);
    return (body as { readonly metadata: { readonly resourceVersion: string } }).metadata.resourceVersion;
  };
  // Lines, not objects: what the one who watches spends on JSON is taken from the server on the same processors.
  const follow = async (path: string, stage: Stage, pattern: RegExp): Promise<void> => {
    for await (const line of api.watchLines(path, signal)) saw(stage, pattern.exec(line)?.[1]);
    throw new Error(`${path} ended`);
  };
  const followCollection = async (collection: string, stage: Stage, pattern: RegExp) => {
    const path = `${collection}?watch=true&resourceVersion=${await newestRevision(collection)}`;
    return { ended: follow(path, stage, pattern) };
  };
  const read = async (): Promise<void> => {
    for (let last = '0'; !signal.aborted; ) {
      const answer = await redis.xread('COUNT', 1000, 'BLOCK', 1000, 'STREAMS', events, last);
      for (const [id, fields] of answer?.[0]?.[1] ?? []) {
        last = id;
        for (const field of fields) saw('eventMs', eventDigest.exec(field)?.[1]);
      }
    }
  };
  const watches = [
    await followCollection(streamsPath, 'statusMs', newestDigest),
    await followCollection(deploymentsPath, 'patchedMs', podDigest),
    { ended: read() },
  ];
  for (const { ended } of watches)
    ended.catch((error: unknown) => failed.reject(signal.aborted ? signal.reason : error));
  return {
    arrival: (digest) => {
      const arrived = Promise.withResolvers<Seen>();
      waiting.set(digest, (seen) => {
        waiting.delete(digest);
        times.delete(digest);
        arrived.resolve(seen);
      });
      return Promise.race([arrived.promise, failed.promise]);
    },
  };
};
