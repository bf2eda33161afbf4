import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse as parseYaml } from 'yaml';

/** What the original was asked and what it answered: see SOURCES.md there. */
export const goldenFolder = join(import.meta.dirname, '../../fixtures/golden');

const read = (scenario: string, file: string): string =>
  readFileSync(join(goldenFolder, scenario, file), 'utf8');

/** The parts of `input.yaml`: what the commands were given, in order. */
export const readInputs = (scenario: string): readonly unknown[] =>
  read(scenario, 'input.yaml')
    .split(/^---$/m)
    .map((part): unknown => JSON.parse(part));

/** `output.json`: the objects at the end, snapshots and answers in between. */
export const readOutput = (scenario: string): Readonly<Record<string, unknown>> =>
  JSON.parse(read(scenario, 'output.json')) as Record<string, unknown>;

/** One command of `stdout.txt`, without `oc -n NAMESPACE`, and what `oc` printed. */
export type Printed = {
  readonly command: string;
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
};

/** All commands of a scenario, in order; none where no output is kept. */
export const readPrinted = (scenario: string): readonly Printed[] =>
  (existsSync(join(goldenFolder, scenario, 'stdout.txt')) ? read(scenario, 'stdout.txt') : '')
    .split(/^\$ oc -n \S+ /m)
    .slice(1)
    .map((text) => {
      const [head = '', rest = ''] = text.split('\n--- stdout\n');
      const [stdout = '', stderr = ''] = rest.split('--- stderr\n');
      const [command = '', status = ''] = head.split('\n');
      const code = Number(/rc=(\d+)/.exec(status)?.[1]);
      return { command, code, stdout, stderr: stderr.trim() };
    });

type Failure = {
  readonly status?: string;
  readonly reason?: string;
  readonly message?: string;
  readonly details?: {
    readonly kind?: string;
    readonly name?: string;
    readonly causes?: readonly { readonly field?: string; readonly message?: string }[];
  };
};

const failureOf = (body: unknown): Failure | undefined => {
  const failure = body as Failure | undefined;
  return failure?.status === 'Failure' ? failure : undefined;
};

const describeFailure = ({ reason = '', message = '', details = {} }: Failure): string => {
  if (reason !== 'Invalid') return `Error from server${reason === '' ? '' : ` (${reason})`}: ${message}`;
  const { kind = '', name = '' } = details;
  const causes = (details.causes ?? []).map((cause) => `${cause.field}: ${cause.message}`);
  const list = causes.length === 1 ? causes[0] : `\n${causes.map((cause) => `* ${cause}`).join('\n')}`;
  return `The ${kind} "${name}" is invalid: ${list}`;
};

/** What `oc` prints for a failed request; successful answers stay as they are. */
export const asOcSees = (body: unknown): unknown => {
  const failure = failureOf(body);
  return failure === undefined ? body : { rc: 1, stderr: `${describeFailure(failure)}\n`, stdout: '' };
};

/** How long ago something was, and with it which of several tags was last, is another matter in every run. */
const steady = (column: string, cell: string): string => {
  if (column === 'TAGS') return cell.split(',').toSorted().join();
  return cell.endsWith(' ago') ? '(some time) ago' : cell;
};

type Row = Readonly<Record<string, string>>;

/** Rows of a table as `oc get` prints it: a column begins where its heading does. */
const rowsOf = (text: string): readonly Row[] => {
  const [heading = '', ...lines] = text.trimEnd().split('\n');
  const columns = [...heading.matchAll(/\S+(?: \S+)*/g)].map((match) => ({
    name: match[0],
    start: match.index,
  }));
  return lines.map((line) =>
    Object.fromEntries(
      columns.map(({ name, start }, index) => [
        // `name`, so that rows are compared by it.
        name === 'NAME' ? 'name' : name,
        steady(name, line.slice(start, columns[index + 1]?.start).trim()),
      ]),
    ),
  );
};

type Table = {
  readonly columnDefinitions: readonly { readonly name: string; readonly priority: number }[];
  readonly rows: readonly { readonly cells: readonly (string | number | boolean | null)[] }[];
};

const rowsOfTable = (
  { columnDefinitions, rows }: Table,
  { wide }: { readonly wide: boolean },
): readonly Row[] =>
  rows.map(({ cells }) =>
    Object.fromEntries(
      columnDefinitions.flatMap(({ name, priority }, index) => {
        const cell = cells[index];
        const shown = name === 'Name' ? 'name' : name.toUpperCase();
        return priority === 0 || wide ? [[shown, steady(shown, String(cell ?? ''))]] : [];
      }),
    ),
  );

/** `oc` hides who manages which field. */
export const withoutManagedFields = (value: unknown): unknown =>
  JSON.parse(JSON.stringify(value), (key, child: unknown) => (key === 'managedFields' ? undefined : child));

/**
 * What a command printed beside what our answer to its request would make `oc` print, both in a form that can be compared: objects for
 * `-o yaml`, rows for tables, the error message for what failed; of a write that went well only that it did.
 */
export const asPrinted = (
  { command, code, stdout, stderr }: Printed,
  body: unknown,
): { readonly theirs: unknown; readonly ours: unknown } => {
  const failure = failureOf(body);
  const ours = failure === undefined ? 'done' : describeFailure(failure);
  if (code !== 0) return { theirs: stderr, ours };
  if (failure !== undefined) return { theirs: 'done', ours };
  if (stdout.startsWith('apiVersion:'))
    return { theirs: parseYaml(stdout), ours: withoutManagedFields(body) };
  if (!stdout.startsWith('NAME ')) return { theirs: 'done', ours };
  return { theirs: rowsOf(stdout), ours: rowsOfTable(body as Table, { wide: command.endsWith('-o wide') }) };
};
