import { parseArgs } from 'node:util';
import type { Bench } from './bench.ts';
import { groups } from './groups/index.ts';
import { formatReport } from './report.ts';
import { type Row, toRow } from './row.ts';

const usage = `usage: npm run bench [-- NAME… [--json] [--smoke]]
groups: ${groups.map(({ name }) => name).join(', ')}`;

const chosenGroups = (names: readonly string[]) => {
  const unknown = names.find((name) => !groups.some((group) => group.name === name));
  if (unknown !== undefined) throw new Error(`there is no group ${JSON.stringify(unknown)}\n${usage}`);
  return names.length === 0 ? groups : groups.filter(({ name }) => names.includes(name));
};

/** Runs groups one after the other, and puts away what they started, whatever happens. */
const runGroups = async (
  names: readonly string[],
  size: Bench['size'],
  signal: AbortSignal,
): Promise<readonly Row[]> => {
  const rows: Row[] = [];
  for (const group of chosenGroups(names)) {
    const cleanups: (() => unknown)[] = [];
    process.stderr.write(`${group.name} …\n`);
    try {
      await group.run({
        signal,
        size,
        cleanup: (work) => cleanups.push(work),
        row: (measured) => rows.push(toRow(measured)),
      });
    } finally {
      for (const cleanup of cleanups.toReversed()) await cleanup();
    }
  }
  return rows;
};

const main = async (): Promise<number> => {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: { json: { type: 'boolean' }, smoke: { type: 'boolean' }, help: { type: 'boolean' } },
  });
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  }
  const rows = await runGroups(positionals, values.smoke === true ? 'smoke' : 'normal', interrupted.signal);
  const report =
    values.json === true ? JSON.stringify(rows, null, 2) : formatReport(rows, process.stdout.isTTY);
  process.stdout.write(`${report}\n`);
  return rows.some(({ met }) => met === false) ? 1 : 0;
};

try {
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 2;
}
