import type { Result, Row } from './row.ts';

type Replacement = readonly [pattern: RegExp, text: string];

/** What differs from run to run, and what stands for it. The order counts. */
const replacements: readonly Replacement[] = [
  // Log lines of kubectl itself, asked for with -v to see when a watch is on.
  [/^[IWE]\d{4} \d\d:\d\d:\d\d\.\d+ .*\n/gm, ''],
  // The object that a refused patch would make, or the patch: as Go prints it.
  [/(patch: Invalid value: )"(?:[^"\\]|\\.)*"/g, '$1<object>'],
  [/\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g, '<uid>'],
  [/\b\d{4}-\d\d-\d\d[T ]\d\d:\d\d:\d\d(?:\.\d+)?(?:Z| [+-]\d{4}(?: [A-Z]+)?)/g, '<time>'],
  [/\b(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d \w{3} \d{4} \d\d:\d\d:\d\d [+-]\d{4}/g, '<time>'],
  [/(resourceVersion"?: ?)"\d+"/g, '$1"<version>"'],
  [/(Resource Version: +)\d+/g, '$1<version>'],
  [/https:\/\/127\.0\.0\.1:\d+/g, '<server>'],
  [/\/tmp\/(LIVE|MERGED)-\d+/g, '<$1>'],
  [/\/tmp\/kubectl-edit-\d+/g, '<edited>'],
  [/(Server Version: ).*/g, '$1<version>'],
  [/\((?:\d+[smhd])+ ago\)/g, '(<age> ago)'],
  // A column of ages; what follows it is set apart by the width of the column.
  [/( {2,})(?:\d+[smhd])+(?=(?: {2,}|$))( *)/gm, '$1<age>$2'],
  [/^(?:\d+[smhd])+( {2,})/gm, '<age>$1'],
  [/<age> {2,}/g, '<age>   '],
];

type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

const sorted = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([key, inner]) => [key, sorted(inner)]));
};

/** A raw answer, with its fields in order: their order says nothing. */
const canonical = (line: string): string =>
  line.startsWith('{"') ? JSON.stringify(sorted(JSON.parse(line) as Json)) : line;

/** A text in which only what the server says is left. */
export const normalize = (text: string): string => {
  const lines = text.split('\n').map(canonical).join('\n');
  return replacements.reduce(
    (current, [pattern, replacement]) => current.replace(pattern, replacement),
    lines,
  );
};

const keepLines = (text: string, only: RegExp | undefined): string =>
  only === undefined
    ? text
    : text
        .split('\n')
        .filter((line) => only.test(line))
        .join('\n');

/** What is compared of a result. */
export const normalizeResult = ({ code, stdout, stderr }: Result, { only }: Pick<Row, 'only'>): Result => ({
  code,
  stdout: keepLines(normalize(stdout), only),
  stderr: normalize(stderr),
});
