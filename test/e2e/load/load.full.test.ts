import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { type Client, createClient, type Place } from '../programs/client.ts';
import { startServe } from '../serve.ts';
import { startChild } from './child.ts';
import { openFloor } from './floor.ts';
import { collection } from './streams.ts';
import type { Seen, WatchersData } from './watchers.ts';
import type { WriterData, Written } from './writer.ts';

const streams = Number(process.env['LOAD_STREAMS'] ?? 1000);
const watcherCount = 50;
const writesPerSecond = 200;
const seconds = Number(process.env['LOAD_SECONDS'] ?? 60);
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
const percentile = (values: readonly number[], share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ??
  Number.NaN;

const format = (values: readonly number[]): string =>
  `p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms`;

/** Resident memory and spent processor time of a process. */
const usageOf = async (
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

describe('serve under load', () => {
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  /** The server, a process that writes, one that watches, and a bare store in this one. */
  const start = async () => {
    const serve = await startServe();
    undo.push(serve.remove);
    const place = placeOf(serve.kubeconfig);
    const writes = seconds * writesPerSecond;
    const given: WriterData = { place, streams, writesPerSecond, writes };
    const writer = startChild('writer.ts', given);
    undo.push(writer.stop);
    await writer.next();
    const client = createClient(place);
    const path = `${collection}?watch=true&resourceVersion=${await settledRevision(client)}`;
    client.close();
    const watched: WatchersData = { place, path, count: watcherCount };
    const watchers = startChild('watchers.ts', watched);
    undo.push(watchers.stop);
    await watchers.next();
    const floor = await openFloor(streams);
    undo.push(floor.close);
    return { pid: serve.process.pid ?? 0, writer, watchers, floor, writes };
  };

  it(`loses no event, answers writes within 5 commits of the store and keeps its memory: ${streams} streams, ${watcherCount} watchers, ${writesPerSecond} writes/s for ${seconds} s`, async () => {
    const { pid, writer, watchers, floor, writes } = await start();
    const { cpuSeconds: before } = await usageOf(pid);
    const over = new AbortController();
    const memory: number[] = [];
    const sample = async (): Promise<void> => {
      for (; !over.signal.aborted; await sleep(500)) memory.push((await usageOf(pid)).residentMiB);
    };
    const measured = Promise.all([floor.measure(floorEveryMs, over.signal), sample()]);
    writer.send('go');
    const { latencies, revisions, failures, tookMs } = await writer.next<Written>();
    over.abort();
    const [commits] = await measured;
    watchers.send(Math.max(...revisions));
    const seen = await watchers.next<readonly Seen[]>();
    const { cpuSeconds: after } = await usageOf(pid);

    const quarter = Math.floor(memory.length / 4);
    const early = percentile(memory.slice(quarter, 2 * quarter), 0.5);
    const late = percentile(memory.slice(-quarter), 0.5);
    const ratio = percentile(latencies, 0.99) / percentile(commits, 0.99);
    process.stdout.write(
      `load: ${Math.round((writes / tookMs) * 1000)} writes/s; write ${format(latencies)}; commit ${format(commits)}; ` +
        `ratio of p99 ${ratio.toFixed(2)}; memory ${early.toFixed(0)} -> ${late.toFixed(0)} MiB; ` +
        `processor ${(((after - before) / tookMs) * 100_000).toFixed(0)} %\n`,
    );
    expect(failures).toEqual([]);
    expect(revisions).toHaveLength(writes);
    const expected = revisions.toSorted((a, b) => a - b);
    expect(seen).toHaveLength(watcherCount);
    for (const each of seen) expect(each).toEqual(expected);
    expect(late / early).toBeLessThan(1.2);
    expect(ratio).toBeLessThan(5);
  });
});
