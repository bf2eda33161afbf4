import type { Redis } from 'ioredis';
import { Pool } from 'undici';
import type { Bench } from '../bench.ts';
import { sharedNowMs } from '../shared-time.ts';
import type { Observer, Seen } from './observer.ts';
import { bareEvents, deploymentsPath, imagesPath, must, nameOf, type Scene, streamsPath } from './scene.ts';

type Item = Record<string, unknown> & { readonly image: string; readonly revision: number };
type Stream = Record<string, unknown> & {
  readonly metadata: Record<string, unknown>;
  readonly status: { readonly tags: readonly [{ readonly items: readonly Item[] }] };
};

/** Of `serve`. */
const historyLimit = 20;

/** What a client must do at least when a tag has moved: fetch manifest and config, store the image and the status, tell Redis, patch the Deployment. */
export type BareClient = {
  readonly follow: (index: number, digest: string) => Promise<Seen & { readonly sinceMs: number }>;
};

const readJson = async (pool: Pool, path: string): Promise<{ config?: { digest: string } }> => {
  const { body } = await pool.request({ method: 'GET', path });
  return (await body.json()) as { config?: { digest: string } };
};

/** Objects as our server wrote them: what the client writes is of the same bytes but for digests. */
const readSamples = async ({ ourApi, bareApi }: Scene, redis: Redis, apps: number) => {
  const streams: Stream[] = [];
  for (let index = 0; index < apps; index += 1) {
    const ours = (await must(ourApi, 'GET', `${streamsPath}/${nameOf(index)}`)) as Stream;
    const bare = (await must(bareApi, 'GET', `${streamsPath}/${nameOf(index)}`)) as Stream;
    streams.push({ ...bare, status: ours.status });
  }
  const digest = streams[0]?.status.tags[0].items[0]?.image ?? '';
  const image = await must(ourApi, 'GET', `${imagesPath}/${digest}`);
  const [event] = await redis.xrevrange('{imagestreams}:events', '+', '-', 'COUNT', 1);
  return { streams, image, event: event?.[1].at(-1) ?? '{}' };
};

const nextStatus = ({ status }: Stream, digest: string, host: string): Stream['status'] => {
  const [tag] = status.tags;
  const [newest] = tag.items;
  if (newest === undefined) throw new Error('the stream has no history');
  const dockerImageReference = `${host}/app@${digest}`;
  const revision = newest.revision + 1;
  const item = { ...newest, image: digest, sourceDigest: digest, dockerImageReference, revision };
  return { ...status, tags: [{ ...tag, items: [item, ...tag.items].slice(0, historyLimit) }] };
};

/** What the client asks of registry, server and Redis, one request each. */
const createSteps = (pool: Pool, { registry, bareApi }: Scene, redis: Redis) => ({
  fetchImage: async (repository: string, digest: string): Promise<void> => {
    const manifest = await readJson(pool, `/v2/${repository}/manifests/${digest}`);
    await readJson(pool, `/v2/${repository}/blobs/${manifest.config?.digest ?? ''}`);
  },
  storeImage: async (sample: Record<string, unknown>, digest: string): Promise<void> => {
    await must(bareApi, 'POST', imagesPath, { ...sample, metadata: { name: digest } });
  },
  writeStatus: async (name: string, stream: Stream): Promise<Stream> =>
    (await must(bareApi, 'PUT', `${streamsPath}/${name}/status`, stream)) as Stream,
  tell: async (name: string, sample: string, digest: string): Promise<void> => {
    const event = sample.replace(/"newDigest":"[^"]*"/, `"newDigest":"${digest}"`);
    const both = redis.multi().hset(`bare:cursor:${name}`, 'main', digest);
    await both.xadd(bareEvents, 'MAXLEN', '~', 100_000, '*', 'data', event).exec();
  },
  patch: async (name: string, digest: string): Promise<void> => {
    const containers = [{ name: 'web', image: `${registry.host}/app@${digest}` }];
    const body = { spec: { template: { spec: { containers } } } };
    await must(
      bareApi,
      'PATCH',
      `${deploymentsPath}/${name}`,
      body,
      'application/strategic-merge-patch+json',
    );
  },
});

/** Writes what our server writes, to a server of its own: no object is read or compared, nothing is checked. */
export const createBareClient = async (
  bench: Bench,
  scene: Scene,
  { redis, observer, apps }: { readonly redis: Redis; readonly observer: Observer; readonly apps: number },
): Promise<BareClient> => {
  const { host } = scene.registry;
  const pool = new Pool(`http://${host}`, { connections: 16 });
  bench.cleanup(() => pool.destroy());
  const { streams, image, event } = await readSamples(scene, redis, apps);
  const steps = createSteps(pool, scene, redis);
  return {
    follow: async (index, digest) => {
      const stream = streams[index];
      if (stream === undefined) throw new Error(`no stream ${index}`);
      const name = nameOf(index);
      const sinceMs = sharedNowMs();
      const arrival = observer.arrival(digest);
      await steps.fetchImage(name, digest);
      await steps.storeImage(image, digest);
      streams[index] = await steps.writeStatus(name, {
        ...stream,
        status: nextStatus(stream, digest, host),
      });
      await Promise.all([steps.tell(name, event, digest), steps.patch(name, digest)]);
      return { ...(await arrival), sinceMs };
    },
  };
};
