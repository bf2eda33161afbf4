import type { Row } from './row.ts';

const headings = [
  'figure',
  'unit',
  'value',
  'floor',
  'ratio',
  'target',
  'met',
  'growth',
  'min',
  'max',
  'runs',
];

const figure = (value: number | null): string =>
  value === null
    ? '-'
    : Number.isInteger(value) || Math.abs(value) >= 1000
      ? value.toFixed(0)
      : value.toPrecision(3);

const verdict = ({ met }: Row): string => (met === null ? '-' : met ? 'yes' : 'NO');

const cells = (row: Row): readonly string[] => [
  row.name,
  row.unit,
  figure(row.value),
  figure(row.floor),
  figure(row.ratio),
  row.target === null ? '-' : `≤ ${figure(row.target)}`,
  verdict(row),
  row.growth === null ? '-' : row.growth.toFixed(2),
  figure(row.min),
  figure(row.max),
  `${row.runs}`,
];

/** A table for people; rows that were missed are red where `color` is asked for. */
export const formatReport = (rows: readonly Row[], color: boolean): string => {
  const table = [headings, ...rows.map(cells)];
  const widths = headings.map((_, column) => Math.max(...table.map((line) => line[column]?.length ?? 0)));
  const lines = table.map((line) =>
    line
      .map((cell, column) => cell[column < 2 ? 'padEnd' : 'padStart'](widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
  return lines
    .map((line, index) => (color && rows[index - 1]?.met === false ? `\u001b[31m${line}\u001b[0m` : line))
    .join('\n');
};
