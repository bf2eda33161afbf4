import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { imageStreams } from '../../src/api/resources.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { openEmbeddedStore } from '../../src/store/index.ts';

type Line = {
  readonly acknowledged?: { readonly name: string; readonly revision: number; readonly value: string };
  /** `revision`: of the state that was deleted. */
  readonly deleted?: { readonly name: string; readonly revision: number };
  readonly seen?: { readonly type: string; readonly name: string; readonly revision: number };
};

/** Where a run dies: at a SQL statement of its own, or when the test has read so many lines. */
type Fault = { readonly statement: number; readonly side: 'before' | 'after' } | { readonly lines: number };

const child = join(import.meta.dirname, 'store-crash-child.ts');

/** Forty deaths within a transaction, at each of its statements and on both sides of it, and ten at any other moment. */
const faults: readonly Fault[] = Array.from({ length: 50 }, (_, run) =>
  run % 5 === 4
    ? { lines: 1 + run * 3 }
    : { statement: 1 + ((run * 13) % 61), side: run % 2 === 0 ? 'before' : 'after' },
);

const runAndDie = (file: string, from: number, fault: Fault, prefix: string): Promise<readonly Line[]> =>
  new Promise((resolve, reject) => {
    const [statement, side] = 'statement' in fault ? [fault.statement, fault.side] : [0, 'after'];
    const process_ = spawn(process.execPath, [child, file, String(from), String(statement), side, prefix], {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Fifty starts: most of each would be spent on compiling the same files.
      env: { ...process.env, NODE_COMPILE_CACHE: join(dirname(file), 'compiled') },
    });
    const lines: Line[] = [];
    let errors = '';
    process_.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
    createInterface(process_.stdout).on('line', (line) => {
      lines.push(JSON.parse(line) as Line);
      if ('lines' in fault && lines.length === fault.lines) process_.kill('SIGKILL');
    });
    process_.on('error', reject);
    process_.on('close', (_code, killedBy) => {
      if (killedBy === 'SIGKILL') resolve(lines);
      else reject(new Error(`the child ended by itself: ${errors}`));
    });
  });

describe('a store that is killed again and again', () => {
  let directory: string;
  let file: string;

  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'store-'));
    file = join(directory, 'store.db');
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('has every acknowledged write, and a watch that resumes misses and repeats nothing', async () => {
    const lines: Line[] = [];
    const seen = () => lines.flatMap((line) => line.seen ?? []);
    for (const [run, fault] of faults.entries())
      lines.push(...(await runAndDie(file, seen().at(-1)?.revision ?? 1, fault, `run${run}`)));

    const store = openEmbeddedStore({ file, clock: systemClock });
    const signal = AbortSignal.timeout(20_000);
    const end = await store.list(imageStreams, {}, signal);
    const log: { readonly type: string; readonly name: string; readonly revision: number }[] = [];
    const values = new Map<number, string | undefined>();
    for await (const event of store.watch(imageStreams, { fromRevision: '1' }, signal)) {
      if (event.type === 'BOOKMARK') continue;
      const { name, resourceVersion } = event.object.metadata;
      log.push({ type: event.type, name, revision: Number(resourceVersion) });
      values.set(Number(resourceVersion), event.object.status?.dockerImageRepository);
      if (resourceVersion === end.resourceVersion) break;
    }
    await store.close();

    // Revisions are without gaps: what was not acknowledged was kept as a whole or not at all.
    expect(log.map(({ revision }) => revision)).toEqual(log.map((_, index) => index + 2));
    const acknowledged = lines.flatMap((line) => line.acknowledged ?? []);
    expect(acknowledged.length).toBeGreaterThan(faults.length);
    for (const { name, revision, value } of acknowledged) {
      expect(log[revision - 2]).toMatchObject({ name, revision });
      expect(values.get(revision)).toBe(value);
    }
    for (const { name, revision } of lines.flatMap((line) => line.deleted ?? [])) {
      const next = log.find((change) => change.name === name && change.revision > revision);
      expect(next).toMatchObject({ type: 'DELETED', name });
    }
    expect(seen()).toEqual(log.slice(0, seen().length));
    expect(log.length - seen().length).toBeLessThan(50);
  }, 120_000);
});
