import { execFileSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hasKubectl } from '../../setup/kubectl.ts';
import { type Serve, startServe } from '../serve.ts';
import { readRecording } from './recording.ts';
import { type Exception, type Instead, type Result, type Row, rowId } from './row.ts';
import { runTable } from './run-table.ts';
import { table } from './table.ts';

const recording = readRecording();
const recorded = new Map(recording.rows.map((row) => [row.id, row]));

const minorOf = (version: string): string => /^v\d+\.\d+/.exec(version)?.[0] ?? version;

const installedKubectl = (): string => {
  const text = execFileSync('kubectl', ['version', '--client', '-o', 'json'], { encoding: 'utf8' });
  return (JSON.parse(text) as { clientVersion: { gitVersion: string } }).clientVersion.gitVersion;
};

/** Another kubectl prints otherwise, whatever the server: at a desk the table is skipped, in CI it fails. */
const isReplayable = (): boolean =>
  process.env['CI'] === 'true' || (hasKubectl && minorOf(installedKubectl()) === minorOf(recording.kubectl));

const resultOf = ({ code, stdout, stderr }: Result): Result => ({ code, stdout, stderr });

const linesOf = ({ stdout, stderr }: Result): readonly string[] => `${stdout}\n${stderr}`.split('\n');

const without = (text: string, exceptions: readonly Exception[]): string =>
  text
    .split('\n')
    .filter((line) => !exceptions.some(({ lines }) => lines.test(line)))
    .join('\n');

/** Both agree but for the exceptions, none of which is idle. */
const expectSame = (ours: Result, theirs: Result, exceptions: readonly Exception[]): void => {
  for (const { lines, reason } of exceptions) {
    const found = [...linesOf(ours), ...linesOf(theirs)].some((line) => lines.test(line));
    expect(found, `no line is an exception (${reason})`).toBe(true);
  }
  const kept = (result: Result): Result => ({
    code: result.code,
    stdout: without(result.stdout, exceptions),
    stderr: without(result.stderr, exceptions),
  });
  expect(kept(ours)).toEqual(kept(theirs));
};

const expectInstead = (ours: Result, theirs: Result, { code, stdout, stderr, reason }: Instead): void => {
  expect(ours, `no longer differs (${reason})`).not.toEqual(theirs);
  expect(ours.code).toBe(code);
  expect(ours.stdout).toMatch(stdout ?? /^/);
  expect(ours.stderr).toMatch(stderr ?? /^$/);
};

const compare = (row: Row, ours: Result, theirs: Result): void => {
  if (row.known !== undefined) expect(ours, `mended: take the mark away (${row.known})`).not.toEqual(theirs);
  else if (row.instead !== undefined) expectInstead(ours, theirs, row.instead);
  else expectSame(ours, theirs, row.except ?? []);
};

describe('the table of kubectl command lines', () => {
  it('has at least 60 of them', () => {
    expect(table.flatMap(({ rows }) => rows).length).toBeGreaterThanOrEqual(60);
  });

  it('is recorded as it stands', () => {
    const commands = table.flatMap((group) =>
      group.rows.map(({ run }, index) => ({ id: rowId(group, index), run })),
    );
    expect(recording.rows.map(({ id, run }) => ({ id, run }))).toEqual(commands);
  });
});

describe.skipIf(!isReplayable())(
  'kubectl prints against this server what it prints against a real one',
  () => {
    let serve: Serve | undefined;
    let results: ReadonlyMap<string, Result>;

    beforeAll(async () => {
      serve = await startServe();
      results = await runTable(table, serve.kubeconfig);
    }, 240_000);
    afterAll(async () => {
      await serve?.remove();
    });

    it('is the kubectl of the recording', () => {
      expect(minorOf(installedKubectl())).toBe(minorOf(recording.kubectl));
    });

    describe.each(table)('$name', (group) => {
      for (const [index, row] of group.rows.entries()) {
        const id = rowId(group, index);
        it(`${id}: ${row.run}`, () => {
          const [ours, theirs] = [results.get(id), recorded.get(id)];
          if (ours === undefined || theirs === undefined) throw new Error('not run or not recorded');
          compare(row, ours, resultOf(theirs));
        });
      }
    });
  },
);
