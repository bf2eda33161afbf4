import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ImageStream } from '../../src/api/image-stream.ts';
import { imageStreams } from '../../src/api/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { type EmbeddedStore, openEmbeddedStore } from '../../src/store/index.ts';
import { type Bench, type Group, inTurns, runsOf, timed } from '../bench.ts';

const namespace = 'team';

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
  },
};
