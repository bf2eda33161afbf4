import { setTimeout as sleep } from 'node:timers/promises';
import { usageOf } from '../../test/e2e/load/measure.ts';
import { createClient } from '../../test/e2e/programs/client.ts';
import type { Bench, Group } from '../bench.ts';
import { sized, timed } from '../bench.ts';
import { must, streamsPath } from '../latency/scene.ts';
import { startBenchRegistry } from '../registry/index.ts';
import { placeOf, startBenchServe } from '../serve.ts';

/** Half of all tags are in few large repositories, the other half in many small ones. */
const shapeOf = (bench: Bench) =>
  sized(bench, {
    smoke: { large: { count: 1, tags: 1500 }, small: { count: 3, tags: 20 } },
    normal: { large: { count: 1, tags: 20_000 }, small: { count: 99, tags: 200 } },
    full: { large: { count: 10, tags: 100_200 }, small: { count: 4990, tags: 200 } },
  });

/** Tags of each repository that the streams want: what is kept. */
const filter = '>=0.0.0 <0.0.3';
const wantedTags = 3;

/** Times a server that has nothing: what is kept of 5,000 streams is three tags each. */
const maxMemoryRatio = 4;
/** Times the peak where the repositories have no other tags than those that are kept: what is only listed may cost little. */
const maxListedRatio = 1.5;

const nameOf = (index: number): string => `repository${index}`;

const streamOf = (host: string, index: number) => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: {
    name: nameOf(index),
    annotations: {
      'openshift.io/image.insecureRepository': 'true',
      'imagestreams.dev/tag-filter': filter,
    },
  },
  spec: { dockerImageRepository: `${host}/${nameOf(index)}` },
});

/** How many streams have all their images. */
const countReady = async (client: ReturnType<typeof createClient>): Promise<number> => {
  const { items } = (await must(client, 'GET', streamsPath)) as {
    readonly items: readonly { readonly status?: { readonly tags?: readonly unknown[] } }[];
  };
  return items.filter(({ status }) => status?.tags?.length === wantedTags).length;
};

type Shape = Parameters<typeof startBenchRegistry>[1];

/** Has a new server import all that streams on so many repositories want. */
const importAll = async (bench: Bench, repositories: number, shape: Shape) => {
  const registry = await startBenchRegistry(bench, shape);
  const serve = await startBenchServe(bench, []);
  const client = createClient(placeOf(serve), 16);
  const pid = serve.process.pid ?? 0;
  const idleMiB = (await usageOf(pid)).residentMiB;
  let peakMiB = 0;
  const tookMs = await timed(async () => {
    const creations = Array.from({ length: repositories }, (_, index) =>
      must(client, 'POST', streamsPath, streamOf(registry.host, index)),
    );
    await Promise.all(creations);
    while ((await countReady(client)) < repositories) {
      peakMiB = Math.max(peakMiB, (await usageOf(pid)).residentMiB);
      await sleep(sized(bench, { smoke: 50, normal: 200, full: 2000 }), undefined, { signal: bench.signal });
    }
    peakMiB = Math.max(peakMiB, (await usageOf(pid)).residentMiB);
  });
  client.close();
  await serve.remove();
  return { seconds: tookMs / 1000, idleMiB, peakMiB };
};

/** Streams with filters on many repositories, some of them large: what is listed must not be held. */
export const headlineGroup: Group = {
  name: 'headline',
  run: async (bench) => {
    const { large, small } = shapeOf(bench);
    const repositories = large.count + small.count;
    const largeNames = Array.from({ length: large.count }, (_, index) => nameOf(index));
    const tagCounts = Object.fromEntries(largeNames.map((name) => [name, large.tags]));
    const kept = await importAll(bench, repositories, { defaultTagCount: wantedTags });
    const ours = await importAll(bench, repositories, { tagCounts, defaultTagCount: small.tags });
    const tags = large.count * large.tags + small.count * small.tags;
    const name = `headline, ${repositories} repositories with ${tags} tags`;
    bench.row({ name: `${name}: time`, unit: 's', values: [ours.seconds], floors: [kept.seconds] });
    bench.row({
      name: `${name}: peak memory`,
      unit: 'MiB',
      values: [ours.peakMiB],
      floors: [ours.idleMiB],
      target: maxMemoryRatio,
    });
    bench.row({
      name: `${name}: peak memory beside the kept ones alone`,
      unit: 'MiB',
      values: [ours.peakMiB],
      floors: [kept.peakMiB],
      target: maxListedRatio,
    });
  },
};
