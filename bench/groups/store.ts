import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/store/index.ts';
import { startChild } from '../../test/e2e/load/child.ts';
import { type Bench, type Group, inTurns, runsOf, sized, timed } from '../bench.ts';

const namespace = 'team';

/** Times its size after two cycles of writes and compaction. */
const maxFileRatio = 1.25;

const aStream = (name: string): ImageStream => ({
  apiVersion: 'image.openshift.io/v1',
  kind: 'ImageStream',
  metadata: { name, namespace },
  spec: { tags: [{ name: 'v1', from: { kind: 'DockerImage', name: 'registry.example/app:v1' } }] },
});

let created = 0;

/** Creates streams one after the other: each write waits for its own commit. */
const write = async (store: EmbeddedStore, count: number, signal: AbortSignal): Promise<void> => {
  for (let index = 0; index < count; index += 1) {
    created += 1;
    await store.create(imageStreams, aStream(`app${created}`), {}, signal);
  }
};

/** The same bytes, a row and a commit each, with nothing around them. */
const writeBare = (database: DatabaseSync, count: number): void => {
  const insert = database.prepare('INSERT INTO objects (body) VALUES (?)');
  for (let index = 0; index < count; index += 1) insert.run(JSON.stringify(aStream(`app${index}`)));
};

const openBare = (file: string): DatabaseSync => {
  const database = new DatabaseSync(file);
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE objects (body TEXT)');
  return database;
};

/** Time from the first of `count` writes until each of `watchers` has seen the last. */
const fanOut = async (
  bench: Bench,
  store: EmbeddedStore,
  { watchers, count }: { readonly watchers: number; readonly count: number },
): Promise<number> => {
  const { resourceVersion } = await store.list(imageStreams, { limit: 1 }, bench.signal);
  const watch = async (): Promise<void> => {
    let seen = 0;
    for await (const _ of store.watch(imageStreams, { fromRevision: resourceVersion }, bench.signal)) {
      seen += 1;
      if (seen === count) return;
    }
  };
  const all = Array.from({ length: watchers }, watch);
  return timed(async () => {
    await write(store, count, bench.signal);
    await Promise.all(all);
  });
};

const revisions = (of: number) => Math.max(1, Math.floor(of / 10));

/** Rewrites a few streams again and again: what is written over is the past. */
const rewrite = async (store: EmbeddedStore, count: number, signal: AbortSignal): Promise<string> => {
  const names = Array.from({ length: revisions(count) }, (_, index) => `again${index}`);
  let newest = '';
  for (let index = 0; index < count; index += names.length) {
    const round = names.slice(0, count - index).map(async (name) => {
      const key = { namespace, name };
      const old = await store.get(imageStreams, key, signal);
      const annotations = { round: String(index) };
      const next = { ...(old ?? aStream(name)), metadata: { ...(old?.metadata ?? key), annotations } };
      const written =
        old === undefined
          ? await store.create(imageStreams, next, {}, signal)
          : await store.update(imageStreams, next as typeof old, {}, signal);
      newest = written.metadata.resourceVersion;
    });
    await Promise.all(round);
  }
  return newest;
};

/** A file that is compacted after every so many writes must stop growing: what was freed is used again. */
const measureCompaction = async (bench: Bench, directory: string): Promise<void> => {
  const file = join(directory, 'compacted.db');
  const store = openEmbeddedStore({ file, clock: systemClock });
  bench.cleanup(() => store.close());
  const count = sized(bench, { smoke: 50, normal: 5000, full: 50_000 });
  const sizes: number[] = [];
  const took: number[] = [];
  for (let cycle = 0; cycle < 6; cycle += 1) {
    const newest = await rewrite(store, count, bench.signal);
    took.push(await timed(() => store.compact(newest, bench.signal)));
    sizes.push(statSync(file).size);
  }
  bench.row({ name: `store, compaction of ${count} revisions`, unit: 'ms', values: took.slice(1) });
  bench.row({
    name: `store, file after 3 to 6 × ${count} writes, each compacted`,
    unit: 'KiB',
    values: sizes.slice(2).map((bytes) => bytes / 1024),
    floors: [(sizes[1] ?? 0) / 1024],
    target: maxFileRatio,
  });
};

/** Time from a start on what a killed program left until everything is read again. */
const measureRecovery = async (bench: Bench, directory: string): Promise<void> => {
  for (const writes of sized(bench, { smoke: [20], normal: [1000, 10_000] })) {
    const times: number[] = [];
    for (let run = 0; run < runsOf(bench, 'short'); run += 1) {
      const file = join(directory, `killed-${writes}-${run}.db`);
      const child = startChild('../../../bench/programs/write-store.ts', { file, writes });
      bench.cleanup(child.stop);
      await child.next();
      // By SIGKILL, while it writes on.
      await child.stop();
      times.push(
        await timed(async () => {
          const store = openEmbeddedStore({ file, clock: systemClock });
          const { items } = await store.list(imageStreams, {}, bench.signal);
          if (items.length < writes)
            throw new Error(`${writes} were acknowledged, ${items.length} are there`);
          await store.close();
        }),
      );
    }
    bench.row({
      name: `store, recovery after kill -9, ${writes} objects`,
      unit: 'ms',
      values: times,
      size: { family: 'recovery', count: writes },
    });
  }
};

/** What writes to the embedded store cost beside bare commits to SQLite, and what each watcher adds. */
export const storeGroup: Group = {
  name: 'store',
  run: async (bench) => {
    const directory = mkdtempSync(join(tmpdir(), 'bench-store-'));
    bench.cleanup(() => rmSync(directory, { recursive: true }));
    const store = openEmbeddedStore({ file: join(directory, 'store.db'), clock: systemClock });
    bench.cleanup(() => store.close());
    const bare = openBare(join(directory, 'bare.db'));
    bench.cleanup(() => bare.close());
    const count = bench.size === 'smoke' ? 5 : 200;
    const floor = () => timed(async () => writeBare(bare, count));
    for (const watchers of bench.size === 'smoke' ? [0, 1] : [0, 1, 10, 100]) {
      const figures = await inTurns(bench, runsOf(bench, 'short'), {
        ours: () => fanOut(bench, store, { watchers, count }),
        floor,
      });
      bench.row({
        name: `store, ${count} writes, ${watchers} watchers`,
        unit: 'ms',
        ...figures,
        ...(watchers === 0 ? {} : { size: { family: 'watchers', count: watchers } }),
      });
    }
    await measureRecovery(bench, directory);
    await measureCompaction(bench, directory);
  },
};
