import { setTimeout as sleep } from 'node:timers/promises';
import { createClient, type Place } from '../programs/client.ts';
import { givenData, nextMessage, report } from './child.ts';
import { collection, nameOf, streamOf } from './streams.ts';

/*
 * A process that creates streams and reports `ready`; told to go on, it patches them at a fixed rate and reports how that went.
 */

/** What the process is given. */
export type WriterData = {
  readonly place: Place;
  readonly streams: number;
  readonly writesPerSecond: number;
  /** Writes before the measured ones: a server that has just started compiles its code for a while. */
  readonly warmUpWrites: number;
  readonly writes: number;
};

/** How the writes went. */
export type Written = {
  /** Milliseconds from the request to the whole answer, of each measured write. */
  readonly latencies: readonly number[];
  /** Of all writes, those of the warm-up too. */
  readonly revisions: readonly number[];
  /** What went wrong. */
  readonly failures: readonly string[];
  readonly tookMs: number;
};

const { place, streams, writesPerSecond, warmUpWrites, writes } = givenData<WriterData>();
/** Few, and open before anything is measured: a stall would else become a storm of handshakes. */
const connections = 16;
const client = createClient(place, connections);

const createStreams = async (): Promise<void> => {
  let next = 0;
  const work = async (): Promise<void> => {
    for (let index = next++; index < streams; index = next++) {
      const { status, body } = await client.call('POST', collection, streamOf(index));
      if (status !== 201) throw new Error(`create: ${status} ${JSON.stringify(body)}`);
    }
  };
  await Promise.all(Array.from({ length: connections }, work));
};

const patchStreams = async (): Promise<Written> => {
  const latencies: number[] = [];
  const revisions: number[] = [];
  const failures: string[] = [];
  const write = async (index: number): Promise<void> => {
    const patch = { metadata: { annotations: { counter: String(index) } } };
    const path = `${collection}/${nameOf((index * 7919) % streams)}`;
    const begun = performance.now();
    const { status, body } = await client.call('PATCH', path, patch, 'application/merge-patch+json');
    if (index > warmUpWrites) latencies.push(performance.now() - begun);
    if (status !== 200) failures.push(`${status} ${JSON.stringify(body)}`);
    else revisions.push(Number((body as { metadata: { resourceVersion: string } }).metadata.resourceVersion));
  };
  const pending: Promise<void>[] = [];
  const began = performance.now();
  for (let index = 1; index <= warmUpWrites + writes; index += 1) {
    // By the clock and not by the answers: a slow server gets the same load.
    const dueMs = (index * 1000) / writesPerSecond - (performance.now() - began);
    if (dueMs > 1) await sleep(dueMs);
    pending.push(write(index).catch((error: unknown) => void failures.push(String(error))));
  }
  await Promise.all(pending);
  return { latencies, revisions, failures, tookMs: performance.now() - began };
};

await createStreams();
report('ready');
await nextMessage();
report(await patchStreams());
client.close();
