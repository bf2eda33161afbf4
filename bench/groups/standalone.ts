import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { usageOf } from '../../test/e2e/load/measure.ts';
import { eventually, type Serve } from '../../test/e2e/serve.ts';
import { type Bench, type Group, sized, timed } from '../bench.ts';
import {
  createGrowth,
  idlePercents,
  isTargeted,
  type ManyStreams,
  reportIdle,
  sizeOf,
  targets,
} from '../many-streams.ts';
import { type BenchRegistry, startBenchRegistry } from '../registry/index.ts';
import { startBenchServe } from '../serve.ts';
import { sharedNowMs } from '../shared-time.ts';
import { type Amount, seed, tagsPerStream } from '../standalone/seed.ts';

const lister = join(import.meta.dirname, '../programs/list-store.ts');

/** The least that a start costs: a program that lists the same objects, page by page. */
const listBare = async (dataDir: string, signal: AbortSignal): Promise<void> => {
  await promisify(execFile)(process.execPath, [lister, join(dataDir, 'imagestreams.db')], { signal });
};

const isReady = async (serve: Serve): Promise<boolean> => (await serve.api('GET', '/readyz')).status === 200;

/** Starts `serve` on what is there, until it says that it has read everything. */
const startUntilSynced = async (bench: Bench, dataDir: string): Promise<Serve> => {
  const serve = await startBenchServe(bench, [], dataDir);
  await eventually(() => isReady(serve), Boolean, 'ready', 120_000);
  return serve;
};

/** What a process holds once it has collected its garbage. */
const collectedMiB = async (serve: Serve, signal: AbortSignal): Promise<number> => {
  const pid = serve.process.pid ?? 0;
  serve.process.kill('SIGUSR2');
  // It collects when its turn comes, and gives memory back a moment later.
  await sleep(2000, undefined, { signal });
  return (await usageOf(pid)).residentMiB;
};

type Place = { readonly dataDir: string; readonly registry: BenchRegistry };

const manyOf = ({ streams, items }: Amount): ManyStreams => ({
  label: `standalone, ${streams} streams × ${tagsPerStream} tags × ${items} item${items === 1 ? '' : 's'}`,
  family: 'standalone',
  streams,
  items,
});

/** The newest revision of the store: it counts writes. */
const revisionOf = async (serve: Serve): Promise<number> => {
  const { body } = await serve.api('GET', '/apis/image.openshift.io/v1/imagestreams?limit=1');
  return Number(
    (body as { readonly metadata: { readonly resourceVersion: string } }).metadata.resourceVersion,
  );
};

type Starts = {
  readonly values: number[];
  readonly floors: number[];
  readonly requests: number[];
  readonly writes: number[];
};

/** Starts once, after the bare program: the database has one user at a time. Leaves the server running. */
const startOnce = async (bench: Bench, { dataDir, registry }: Place, into: Starts): Promise<Serve> => {
  into.floors.push(await timed(() => listBare(dataDir, bench.signal)));
  const before = await registry.counts();
  const start = sharedNowMs();
  const serve = await startUntilSynced(bench, dataDir);
  into.values.push(sharedNowMs() - start);
  // What it begins to do now would show in a moment.
  await sleep(sized(bench, { smoke: 200, normal: 2000 }), undefined, { signal: bench.signal });
  const after = await registry.counts();
  into.requests.push(after.heads + after.lists + after.others - before.heads - before.lists - before.others);
  into.writes.push(await revisionOf(serve));
  return serve;
};

/** Rows about starting: time, requests for tags that are not due, and writes. */
const measureStart = async (bench: Bench, place: Place, amount: Amount): Promise<Serve> => {
  const starts: Starts = { values: [], floors: [], requests: [], writes: [] };
  // The first makes certificates and the namespace.
  const nowhere: Starts = { values: [], floors: [], requests: [], writes: starts.writes };
  let serve = await startOnce(bench, place, nowhere);
  for (let run = 0; run < sized(bench, { smoke: 1, normal: 3 }); run += 1) {
    await serve.stop();
    serve = await startOnce(bench, place, starts);
  }
  const { values, floors, requests } = starts;
  const writes = starts.writes.slice(1).map((revision, index) => revision - (starts.writes[index] ?? 0));
  const many = manyOf(amount);
  const name = many.label;
  bench.row({
    name: `${name}: start to synced`,
    unit: 'ms',
    values,
    floors,
    size: sizeOf(many, 'start'),
    ...(isTargeted(many) ? { target: targets.startRatio } : {}),
  });
  bench.row({ name: `${name}: requests of a start`, unit: 'requests', values: requests, target: 0 });
  bench.row({ name: `${name}: writes of a start`, unit: 'writes', values: writes, target: 0 });
  return serve;
};

/** Rows about a server that has nothing to do; resolves to the resident memory in MiB. */
const measureIdle = async (
  bench: Bench,
  serve: Serve,
  { dataDir }: Place,
  amount: Amount,
): Promise<number> => {
  const many = manyOf(amount);
  const residentMiB = await collectedMiB(serve, bench.signal);
  const percents = await idlePercents(bench, serve.process.pid ?? 0);
  await serve.stop();
  const fileBytes = statSync(join(dataDir, 'imagestreams.db')).size;
  reportIdle(bench, many, { residentMiB, percents });
  const values = [fileBytes / 1024 / amount.streams];
  bench.row({ name: `${many.label}: file per stream`, unit: 'KiB', values });
  return residentMiB;
};

/** How a standalone server fares with many streams that have all they ask for. */
export const standaloneGroup: Group = {
  name: 'standalone',
  run: async (bench) => {
    const registry = await startBenchRegistry(bench);
    const amounts = sized<readonly Amount[]>(bench, {
      smoke: [{ streams: 3, items: 1 }],
      normal: [
        ...[10, 100, 1000, 10_000].map((streams) => ({ streams, items: 1 })),
        ...[10, 100, 1000].map((streams) => ({ streams, items: 20 })),
      ],
      full: [1, 20].flatMap((items) => [10, 100, 1000, 10_000].map((streams) => ({ streams, items }))),
    });
    const reportGrowth = createGrowth(bench);
    for (const amount of amounts) {
      const dataDir = mkdtempSync(join(tmpdir(), 'bench-standalone-'));
      bench.cleanup(() => rmSync(dataDir, { recursive: true, force: true }));
      await seed(bench, { dataDir, host: registry.host, amount });
      const place = { dataDir, registry };
      const serve = await measureStart(bench, place, amount);
      reportGrowth(manyOf(amount), await measureIdle(bench, serve, place, amount));
      rmSync(dataDir, { recursive: true, force: true });
    }
  },
};
