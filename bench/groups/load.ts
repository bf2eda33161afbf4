import { measureLoad, percentile } from '../../test/e2e/load/measure.ts';
import type { Bench, Group } from '../bench.ts';

const loadOf = ({ size }: Bench) =>
  size === 'smoke'
    ? { streams: 10, watchers: 2, writesPerSecond: 20, warmUpSeconds: 1, seconds: 1 }
    : { streams: 1000, watchers: 50, writesPerSecond: 200, warmUpSeconds: 10, seconds: 60 };

/** A write through the API may take so many commits of a bare store, at the 99th percentile of each. */
const target = 5;

/** Writes through the API of `serve` while many watch, beside the commits of a bare store in the same minute. */
export const loadGroup: Group = {
  name: 'load',
  run: async (bench) => {
    const load = loadOf(bench);
    const { written, commits } = await measureLoad(load, bench.cleanup);
    if (written.failures.length > 0) throw new Error(`writes failed: ${written.failures[0] ?? ''}`);
    const name = `load, ${load.writesPerSecond} writes/s, ${load.watchers} watchers`;
    for (const [label, share] of [
      ['p50', 0.5],
      ['p99', 0.99],
    ] as const)
      bench.row({
        name: `${name}: ${label}`,
        unit: 'ms',
        values: [percentile(written.latencies, share)],
        floors: [percentile(commits, share)],
        ...(label === 'p99' && bench.size !== 'smoke' ? { target } : {}),
      });
  },
};
