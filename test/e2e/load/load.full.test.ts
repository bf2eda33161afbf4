import { afterEach, describe, expect, it } from 'vitest';
import { measureLoad, percentile } from './measure.ts';

const load = {
  streams: Number(process.env['LOAD_STREAMS'] ?? 1000),
  watchers: 50,
  writesPerSecond: 200,
  warmUpSeconds: 5,
  seconds: Number(process.env['LOAD_SECONDS'] ?? 60),
};

const format = (values: readonly number[]): string =>
  `p50 ${percentile(values, 0.5).toFixed(1)} ms, p99 ${percentile(values, 0.99).toFixed(1)} ms`;

describe('serve under load', () => {
  const undo: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const step of undo.splice(0).toReversed()) await step();
  });

  // How long writes take depends on what else the machine does: that is a row of `npm run bench`, beside its floor.
  it(`loses no event and keeps its memory: ${load.streams} streams, ${load.watchers} watchers, ${load.writesPerSecond} writes/s for ${load.seconds} s`, async () => {
    const { written, seen, commits, memory, processorShare } = await measureLoad(load, (step) =>
      undo.push(step),
    );
    const { latencies, revisions, failures, tookMs } = written;
    const writes = (load.warmUpSeconds + load.seconds) * load.writesPerSecond;
    const quarter = Math.floor(memory.length / 4);
    const early = percentile(memory.slice(quarter, 2 * quarter), 0.5);
    const late = percentile(memory.slice(-quarter), 0.5);
    process.stdout.write(
      `load: ${Math.round((writes / tookMs) * 1000)} writes/s; write ${format(latencies)}; commit ${format(commits)}; ` +
        `memory ${early.toFixed(0)} -> ${late.toFixed(0)} MiB; processor ${(processorShare * 100).toFixed(0)} %\n`,
    );
    expect(failures).toEqual([]);
    expect(revisions).toHaveLength(writes);
    const expected = revisions.toSorted((a, b) => a - b);
    expect(seen).toHaveLength(load.watchers);
    for (const each of seen) expect(each).toEqual(expected);
    expect(late / early).toBeLessThan(1.2);
  });
});
