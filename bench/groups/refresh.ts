import type { ImageStream } from '../../src/api/image-stream.ts';
import {
  createImporter,
  type Importer,
  type PlanFacts,
  planImports,
  recordImports,
  runImports,
} from '../../src/importer/index.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { anonymous, createRegistryClient } from '../../src/oci/index.ts';
import type { DockerRegistry } from '../../test/setup/docker-registry.ts';
import { type Bench, type Group, runsOf } from '../bench.ts';
import { settledLog, startFilledRegistry } from '../images.ts';

/** Tags per stream, as in design.md §8. */
const tagsPerStream = 5;

const streamOf = (host: string, first: number, count: number): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name: `app${first}`, namespace: 'team', generation: 1 },
  spec: {
    tags: Array.from({ length: count }, (_, index) => ({
      name: `v${first + index}`,
      from: { kind: 'DockerImage', name: `${host}/app:v${first + index}` },
      generation: 1,
      importPolicy: { insecure: true, scheduled: true },
    })),
  },
});

const dueTags = (stream: ImageStream): Partial<PlanFacts> => ({
  due: new Map((stream.spec?.tags ?? []).map(({ name }) => [name, { cause: { type: 'Schedule' } }])),
});

const sync = async (
  importer: Importer,
  stream: ImageStream,
  facts: Partial<PlanFacts>,
  signal: AbortSignal,
): Promise<ImageStream> => {
  const plan = planImports(stream, { maxTags: 0, ...facts });
  const context = { keychain: anonymous, caller: 'team', priority: 'scheduled' } as const;
  const results = await runImports(importer, plan, context, signal);
  return { ...stream, status: recordImports(stream, results, { nowMs: 0, historyLimit: 20 }) };
};

const isHead = (line: string): boolean => line.startsWith('HEAD ');

type Figures = { heads: number[]; others: number[]; cpu: number[]; writes: number[] };

/** Refreshes all streams at a time, and notes what that took. */
const refresh = async (
  streams: readonly ImageStream[],
  { importer, registry, bench }: { importer: Importer; registry: DockerRegistry; bench: Bench },
  figures: Figures,
): Promise<void> => {
  const before = (await settledLog(registry)).length;
  const start = process.cpuUsage();
  const after = await Promise.all(
    streams.map((stream) => sync(importer, stream, dueTags(stream), bench.signal)),
  );
  const { user, system } = process.cpuUsage(start);
  const tags = streams.flatMap(({ spec }) => spec?.tags ?? []).length;
  const lines = (await settledLog(registry)).slice(before);
  figures.heads.push(lines.filter(isHead).length);
  figures.others.push(lines.length - lines.filter(isHead).length);
  figures.cpu.push((user + system) / 1e6 / (tags / 1000));
  figures.writes.push(after.filter(({ status }, index) => status !== streams[index]?.status).length);
};

const measure = async (
  bench: Bench,
  name: string,
  {
    importer,
    registry,
    streams,
    heads,
  }: {
    importer: Importer;
    registry: DockerRegistry;
    streams: readonly ImageStream[];
    heads: number;
  },
): Promise<void> => {
  const figures: Figures = { heads: [], others: [], cpu: [], writes: [] };
  for (let run = 0; run < runsOf(bench, 'short'); run += 1) {
    await refresh(streams, { importer, registry, bench }, figures);
  }
  bench.row({ name: `refresh, ${name}: HEADs`, unit: 'requests', values: figures.heads, target: heads });
  bench.row({ name: `refresh, ${name}: others`, unit: 'requests', values: figures.others, target: 0 });
  bench.row({ name: `refresh, ${name}: writes`, unit: 'writes', values: figures.writes, target: 0 });
  bench.row({ name: `refresh, ${name}: CPU per 1,000 tags`, unit: 's', values: figures.cpu });
  const resident = process.memoryUsage.rss() / 2 ** 20;
  bench.row({ name: `refresh, ${name}: resident memory`, unit: 'MiB', values: [resident] });
};

/** What it costs to find that nothing has moved. */
export const refreshGroup: Group = {
  name: 'refresh',
  run: async (bench) => {
    const counts = bench.size === 'smoke' ? [5] : [100, 1000];
    const registry = await startFilledRegistry(bench, { tags: counts.at(-1) ?? 0, images: 5 });
    const client = createRegistryClient();
    bench.cleanup(() => client.close());
    const importer = createImporter({ client, clock: systemClock });
    const synced = async (first: number): Promise<ImageStream> =>
      sync(importer, streamOf(registry.host, first, tagsPerStream), {}, bench.signal);
    for (const tags of counts) {
      const firsts = Array.from({ length: tags / tagsPerStream }, (_, index) => index * tagsPerStream);
      const streams = await Promise.all(firsts.map(synced));
      await measure(bench, `${tags} tags`, { importer, registry, streams, heads: tags });
    }
    const one = await sync(importer, streamOf(registry.host, 0, 1), {}, bench.signal);
    const five = Array.from({ length: 5 }, () => one);
    await measure(bench, '5 streams on one source', { importer, registry, streams: five, heads: 1 });
  },
};
