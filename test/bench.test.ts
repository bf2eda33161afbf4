import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { describe, expect, it } from 'vitest';
import type { Bench } from '../bench/bench.ts';
import { formatReport } from '../bench/report.ts';
import { createRows, median, type Row, toRow } from '../bench/row.ts';
import { runGroups } from '../bench/run-groups.ts';
import { hasDockerRegistry } from './setup/docker-registry.ts';
import { hasRedis } from './setup/redis.ts';

const bench = resolve(import.meta.dirname, '../bench/index.ts');
const runBench = (...args: readonly string[]) => promisify(execFile)(process.execPath, [bench, ...args]);

describe('a row of the bench', () => {
  it('holds the median, and its ratio to the median of the floor', () => {
    const row = toRow({ name: 'a', unit: 'ms', values: [30, 10, 20], floors: [10, 10, 40], target: 2 });
    expect(row).toMatchObject({ value: 20, floor: 10, ratio: 2, met: true, min: 10, max: 30, runs: 3 });
    expect(median([4, 1, 3, 2])).toBe(2.5);
  });

  it.each([
    ['the ratio, where there is a floor', { values: [21], floors: [10], target: 2 }],
    ['the value, where there is none', { values: [3], target: 2 }],
  ])('is missed by %s, and then red', (_name, measured) => {
    const row = toRow({ name: 'a', unit: 'ms', ...measured });
    expect(row.met).toBe(false);
    const line = formatReport([row], true).split('\n')[1];
    expect(line?.startsWith('\u001b[31m')).toBe(true);
    expect(line).toContain(' NO ');
  });

  it('is neither met nor missed without a target', () => {
    expect(toRow({ name: 'a', unit: 'ms', values: [1] }).met).toBeNull();
  });
});

describe('rows of one family', () => {
  it('tell the power of their size that their cost grows with', () => {
    const rows = createRows();
    const growthOf = (count: number, value: number): number | null =>
      rows.add({ name: `${count}`, unit: 'ms', values: [value], size: { family: 'a', count } }).growth;
    expect(growthOf(10, 5)).toBeNull();
    expect(growthOf(100, 50)).toBeCloseTo(1);
    expect(growthOf(1000, 5000)).toBeCloseTo(2);
  });
});

describe('groups of the bench', () => {
  const never = new AbortController().signal;

  it('run on after one that fails, keep its rows and put away what it started', async () => {
    const putAway: string[] = [];
    const row = (name: string) => ({ name, unit: 'ms', values: [1] });
    const outcome = await runGroups(
      [
        {
          name: 'bad',
          run: async (bench) => {
            bench.cleanup(() => putAway.push('bad'));
            bench.row(row('before'));
            throw new Error('no luck');
          },
        },
        { name: 'good', run: async (bench) => bench.row(row('after')) },
      ],
      'smoke',
      { signal: never, tell: () => undefined },
    );
    expect(outcome.rows.map(({ name }) => name)).toEqual(['before', 'after']);
    expect(outcome.failures).toEqual([{ group: 'bad', error: new Error('no luck') }]);
    expect(putAway).toEqual(['bad']);
  });

  it('are given up when the bench is interrupted, also where they do not listen', async () => {
    const interrupted = new AbortController();
    const putAway: string[] = [];
    const hangs = {
      name: 'hangs',
      run: async (bench: Bench) => {
        bench.cleanup(() => putAway.push('at the end'));
        interrupted.abort(new Error('ended by SIGINT'));
        await new Promise((resolve) => setImmediate(resolve));
        bench.cleanup(() => putAway.push('late'));
        await Promise.withResolvers<never>().promise;
      },
    };
    const outcome = await runGroups([hangs, hangs], 'smoke', {
      signal: interrupted.signal,
      tell: () => undefined,
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(outcome.failures.map(({ error }) => error)).toEqual([new Error('ended by SIGINT')]);
    expect(putAway).toEqual(['at the end', 'late']);
  });
});

describe('npm run bench', () => {
  it.runIf(hasDockerRegistry && hasRedis)(
    'prints a row for each figure of every group',
    async () => {
      const { stdout } = await runBench('--smoke', '--json');
      const rows = JSON.parse(stdout) as readonly Row[];
      for (const group of [
        'import',
        'requests',
        'refresh',
        'start',
        'store',
        'load',
        'record',
        'latency',
        'standalone',
        'headline',
      ]) {
        const start = `${group}, `;
        expect(rows.filter(({ name }) => name.startsWith(start)).length, start).toBeGreaterThan(0);
      }
      expect(rows.filter(({ value }) => !Number.isFinite(value))).toEqual([]);
    },
    180_000,
  );

  it('refuses a group that it does not have', async () => {
    await expect(runBench('speed')).rejects.toMatchObject({
      code: 2,
      stderr: expect.stringContaining('there is no group "speed"') as string,
    });
  });
});
