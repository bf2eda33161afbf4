import { Redis } from 'ioredis';
import { type Client, createClient } from '../../test/e2e/programs/client.ts';
import type { Serve } from '../../test/e2e/serve.ts';
import { type RedisServer, startRedis } from '../../test/setup/redis.ts';
import type { Bench } from '../bench.ts';
import { type BenchRegistry, startBenchRegistry } from '../registry/index.ts';
import { placeOf, startBenchServe } from '../serve.ts';

export const streamsPath = '/apis/image.openshift.io/v1/namespaces/default/imagestreams';
export const imagesPath = '/apis/image.openshift.io/v1/images';
export const deploymentsPath = '/apis/apps/v1/namespaces/default/deployments';

/** Where events are appended that a bare client writes. */
export const bareEvents = 'bare:events';

/** How often tags are looked at: as often as `serve` is let. */
const interval = '1s';

export const nameOf = (index: number): string => `app${index}`;

/** What both sides work with. */
export type Scene = {
  readonly registry: BenchRegistry;
  readonly redis: RedisServer;
  readonly ours: Serve;
  readonly ourApi: Client;
  /** Of a second server, which has nothing to do but what the bare client asks of it. */
  readonly bareApi: Client;
};

/** Asks for something that must work. */
export const must = async (
  client: Client,
  ...request: Parameters<Client['call']>
): Promise<Record<string, unknown>> => {
  const { status, body } = await client.call(...request);
  if (status >= 300) throw new Error(`${request[0]} ${request[1]}: ${status} ${JSON.stringify(body)}`);
  return body as Record<string, unknown>;
};

/** A client of Redis that the bench closes. */
export const connectTo = (bench: Bench, { url }: RedisServer): Redis => {
  const client = new Redis(url);
  bench.cleanup(() => client.disconnect());
  return client;
};

export const openScene = async (bench: Bench): Promise<Scene> => {
  const registry = await startBenchRegistry(bench);
  const redis = await startRedis();
  bench.cleanup(redis.stop);
  const connect = async (args: readonly string[]) => {
    const serve = await startBenchServe(bench, args);
    const api = createClient(placeOf(serve));
    bench.cleanup(api.close);
    return { serve, api };
  };
  const { serve: ours, api: ourApi } = await connect([
    '--redis-url',
    redis.url,
    '--min-refresh-interval',
    interval,
    '--triggers-per-minute',
    '0',
  ]);
  const { api: bareApi } = await connect([]);
  return { registry, redis, ours, ourApi, bareApi };
};

const tagOf = (host: string, index: number) => ({
  name: 'main',
  from: { kind: 'DockerImage', name: `${host}/${nameOf(index)}:main` },
  importPolicy: { scheduled: true, insecure: true },
});

const trigger = (index: number): string =>
  JSON.stringify([
    {
      from: { kind: 'ImageStreamTag', name: `${nameOf(index)}:main` },
      fieldPath: 'spec.template.spec.containers[?(@.name=="web")].image',
    },
  ]);

const deploymentOf = (index: number, annotations: Readonly<Record<string, string>>) => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: { name: nameOf(index), annotations },
  spec: {
    selector: { matchLabels: { app: nameOf(index) } },
    template: {
      metadata: { labels: { app: nameOf(index) } },
      spec: { containers: [{ name: 'web', image: 'web:placeholder' }] },
    },
  },
});

/** Creates stream and Deployment number `index` at both servers; what ours makes of its stream is what the bare client will write. */
export const addApp = async ({ registry, ourApi, bareApi }: Scene, index: number): Promise<void> => {
  const stream = {
    apiVersion: 'image.openshift.io/v1',
    kind: 'ImageStream',
    metadata: { name: nameOf(index), annotations: { 'imagestreams.dev/refresh-interval': interval } },
  };
  const tag = tagOf(registry.host, index);
  const triggers = { 'image.openshift.io/triggers': trigger(index) };
  await must(ourApi, 'POST', deploymentsPath, deploymentOf(index, triggers));
  await must(ourApi, 'POST', streamsPath, { ...stream, spec: { tags: [tag] } });
  await must(bareApi, 'POST', deploymentsPath, deploymentOf(index, {}));
  // Only a reference: its server has nothing to import.
  await must(bareApi, 'POST', streamsPath, { ...stream, spec: { tags: [{ ...tag, reference: true }] } });
};
