import { CliError } from './errors.ts';
import type { Writer } from './ports.ts';

/** What `-o` may ask for. */
export type OutputFormat = 'table' | 'json' | 'yaml' | 'name';

/**
 * Reads the value of `-o`, a subset of {@link OutputFormat}.
 *
 * @throws {CliError} `usage` for anything else.
 */
export const parseOutput = <Format extends OutputFormat>(
  text: string,
  allowed: readonly Format[],
): Format => {
  // `-o=json` reaches us as `=json`.
  const found = allowed.find((format) => format === text.replace(/^=/, ''));
  if (found !== undefined) return found;
  throw new CliError('usage', `-o "${text}" is none of ${allowed.join(', ')}`);
};

/** Writes a document for programs: JSON indented as kubectl does, or YAML. */
export const writeDocument = async (
  out: Writer,
  format: 'json' | 'yaml',
  document: unknown,
): Promise<void> => {
  if (format === 'json') {
    out.write(`${JSON.stringify(document, undefined, 4)}\n`);
    return;
  }
  const { stringify } = await import('yaml');
  out.write(stringify(document, { lineWidth: 0 }));
};

/** Rows under upper-case headers, each column as wide as its longest cell and three blanks, as kubectl prints tables. */
export const formatTable = (headers: readonly string[], rows: readonly (readonly string[])[]): string => {
  const lines = [headers, ...rows];
  const widths = headers.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)));
  return lines
    .map((line) => line.map((cell, column) => cell.padEnd((widths[column] ?? 0) + 3)).join(''))
    .map((line) => `${line.trimEnd()}\n`)
    .join('');
};
