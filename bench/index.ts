import { parseArgs } from 'node:util';
import type { Bench, Group } from './bench.ts';
import { groups } from './groups/index.ts';
import { formatReport } from './report.ts';
import { type Outcome, runGroups } from './run-groups.ts';

const usage = `usage: npm run bench [-- NAME… [--json] [--smoke]], npm run bench:full [-- NAME… [--json]]
groups: ${groups.map(({ name }) => name).join(', ')}`;

const chosenGroups = (names: readonly string[]): readonly Group[] => {
  const unknown = names.find((name) => !groups.some((group) => group.name === name));
  if (unknown !== undefined) throw new Error(`there is no group ${JSON.stringify(unknown)}\n${usage}`);
  return names.length === 0 ? groups : groups.filter(({ name }) => names.includes(name));
};

const readArguments = () =>
  parseArgs({
    allowPositionals: true,
    options: {
      json: { type: 'boolean' },
      smoke: { type: 'boolean' },
      full: { type: 'boolean' },
      help: { type: 'boolean' },
    },
  });

const sizeOf = (values: { readonly smoke?: boolean; readonly full?: boolean }): Bench['size'] =>
  values.smoke === true ? 'smoke' : values.full === true ? 'full' : 'normal';

const say = (line: string): void => void process.stderr.write(`${line}\n`);

const messageOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

/** Says which groups failed, and which targets were missed. The exit code: 0 only where there is nothing of either. */
const judge = ({ rows, failures }: Outcome): number => {
  const missed = rows.filter(({ met }) => met === false);
  for (const { group, error } of failures) say(`group ${group} failed: ${messageOf(error)}`);
  for (const { name } of missed) say(`missed: ${name}`);
  return missed.length + failures.length > 0 ? 1 : 0;
};

const main = async (): Promise<number> => {
  const { values, positionals } = readArguments();
  if (values.help === true) {
    process.stdout.write(`${usage}\n`);
    return 0;
  }
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    process.once(name, () => interrupted.abort(new Error(`ended by ${name}`)));
  }
  const outcome = await runGroups(chosenGroups(positionals), sizeOf(values), {
    signal: interrupted.signal,
    tell: say,
  });
  const report =
    values.json === true
      ? JSON.stringify(outcome.rows, null, 2)
      : formatReport(outcome.rows, process.stdout.isTTY);
  // Once it is written the process ends: what an interrupted group still waits for would keep it.
  await new Promise((resolve) => process.stdout.write(`${report}\n`, resolve));
  return judge(outcome);
};

try {
  process.exit(await main());
} catch (error) {
  say(error instanceof Error ? error.message : String(error));
  process.exit(2);
}
