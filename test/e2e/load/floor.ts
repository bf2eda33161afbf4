import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ImageStream } from '../../../src/api/image-stream.ts';
import type { Stored } from '../../../src/api/meta.ts';
import { imageStreams } from '../../../src/api/resources.ts';
import { systemClock } from '../../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../../src/store/embedded.ts';
import { streamOf } from './streams.ts';

/** A bare store on the same disk and machine, with as many streams as the server's. */
export type Floor = {
  /** Commits one write every `everyMs` until `signal` is aborted; how long each took, in milliseconds. */
  readonly measure: (everyMs: number, signal: AbortSignal) => Promise<readonly number[]>;
  readonly close: () => Promise<void>;
};

/** Opens a {@link Floor}. */
export const openFloor = async (streamCount: number): Promise<Floor> => {
  const directory = await mkdtemp(join(tmpdir(), 'load-floor-'));
  const store = openEmbeddedStore({ file: join(directory, 'floor.db'), clock: systemClock });
  const { signal: never } = new AbortController();
  const streams: Stored<ImageStream>[] = await Promise.all(
    Array.from({ length: streamCount }, (_, index) => store.create(imageStreams, streamOf(index), {}, never)),
  );
  const write = async (counter: number): Promise<number> => {
    const index = counter % streamCount;
    const old = streams[index];
    if (old === undefined) throw new Error(`no stream ${index}`);
    const annotations = { counter: String(counter) };
    const next = { ...old, metadata: { ...old.metadata, annotations } };
    const begun = performance.now();
    streams[index] = await store.update(imageStreams, next, {}, never);
    return performance.now() - begun;
  };
  return {
    measure: async (everyMs, signal) => {
      const times: number[] = [];
      for (let counter = 1; !signal.aborted; counter += 1) {
        times.push(await write(counter));
        await sleep(everyMs);
      }
      return times;
    },
    close: async () => {
      await store.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
};
