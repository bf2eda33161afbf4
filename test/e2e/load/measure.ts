import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { type Client, createClient, type Place } from '../programs/client.ts';
import { startServe } from '../serve.ts';
import { startChild } from './child.ts';
import { openFloor } from './floor.ts';
import { collection } from './streams.ts';
import type { Seen, WatchersData } from './watchers.ts';
import type { WriterData, Written } from './writer.ts';

/** How much is asked of a server. */
export type Load = {
  readonly streams: number;
  readonly watchers: number;
  readonly writesPerSecond: number;
  /** How long it is put on before anything is measured. */
  readonly warmUpSeconds: number;
  readonly seconds: number;
};

/** What came of it. */
export type LoadResult = {
  readonly written: Written;
  /** What each watcher was told: the revisions, in its order. */
  readonly seen: readonly Seen[];
  /** Milliseconds of commits of a bare store, one at a time, while the server worked. */
  readonly commits: readonly number[];
  /** Resident memory of the server in MiB, twice a second. */
  readonly memory: readonly number[];
  /** Processor time of the server over the time that it took. */
  readonly processorShare: number;
};

/** Milliseconds between commits of the bare store. */
const floorEveryMs = 50;

const placeOf = (kubeconfig: string): Place => {
  const { clusters, users } = parse(readFileSync(kubeconfig, 'utf8')) as {
    readonly clusters: readonly { readonly cluster: { readonly server: string } }[];
    readonly users: readonly { readonly user: { readonly token: string } }[];
  };
  return { url: clusters[0]?.cluster.server ?? '', token: users[0]?.user.token ?? '' };
};

/** The value that a share of all does not exceed. */
export const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;

/** Resident memory and spent processor time of a process. */
export const usageOf = async (
  pid: number,
): Promise<{ readonly residentMiB: number; readonly cpuSeconds: number }> => {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  const stat = await readFile(`/proc/${pid}/stat`, 'utf8');
  const [user = 0, system = 0] = stat.slice(stat.lastIndexOf(')')).split(' ').slice(12, 14).map(Number);
  return {
    residentMiB: Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) / 1024,
    cpuSeconds: (user + system) / 100,
  };
};

/** The newest revision once nothing more is written: controllers look at new streams too. */
const settledRevision = async (client: Client): Promise<string> => {
  for (let before = ''; ; await sleep(1000)) {
    const { body } = await client.call('GET', `${collection}?limit=1`);
    const { metadata } = body as { readonly metadata: { readonly resourceVersion: string } };
    if (metadata.resourceVersion === before) return before;
    before = metadata.resourceVersion;
  }
};

/** Adds what has to be undone at the end, the newest first. */
export type Cleanup = (undo: () => Promise<void>) => void;

/** The server, a process that writes, one that watches, and a bare store in this one. */
const start = async (load: Load, cleanup: Cleanup) => {
  const serve = await startServe();
  cleanup(serve.remove);
  const place = placeOf(serve.kubeconfig);
  const { streams, writesPerSecond } = load;
  const given: WriterData = {
    place,
    streams,
    writesPerSecond,
    warmUpWrites: load.warmUpSeconds * writesPerSecond,
    writes: load.seconds * writesPerSecond,
  };
  const writer = startChild('writer.ts', given);
  cleanup(writer.stop);
  await writer.next();
  const client = createClient(place);
  const path = `${collection}?watch=true&resourceVersion=${await settledRevision(client)}`;
  client.close();
  const watched: WatchersData = { place, path, count: load.watchers };
  const watchers = startChild('watchers.ts', watched);
  cleanup(watchers.stop);
  await watchers.next();
  const floor = await openFloor(streams);
  cleanup(floor.close);
  return { pid: serve.process.pid ?? 0, writer, watchers, floor };
};

/** Puts load on a `serve` of its own and tells how that went; by the clock, so that a slow server gets the same load. */
export const measureLoad = async (load: Load, cleanup: Cleanup): Promise<LoadResult> => {
  const { pid, writer, watchers, floor } = await start(load, cleanup);
  const { cpuSeconds: before } = await usageOf(pid);
  const over = new AbortController();
  const memory: number[] = [];
  const sample = async (): Promise<void> => {
    for (; !over.signal.aborted; await sleep(500)) memory.push((await usageOf(pid)).residentMiB);
  };
  const measured = Promise.all([floor.measure(floorEveryMs, over.signal), sample()]);
  writer.send('go');
  const written = await writer.next<Written>();
  over.abort();
  const [commits] = await measured;
  watchers.send(Math.max(...written.revisions));
  const seen = await watchers.next<readonly Seen[]>();
  const { cpuSeconds: after } = await usageOf(pid);
  return { written, seen, commits, memory, processorShare: ((after - before) / written.tookMs) * 1000 };
};
