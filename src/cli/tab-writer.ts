const tabWidth = 8;

/** Wider by one than its text, at the next tab stop: between any two columns there is at least one tab. */
const stopAfter = (textWidth: number): number => Math.ceil((textWidth + 1) / tabWidth) * tabWidth;

const widthOf = (text: string): number => Array.from(text).length;

/**
 * Widths of the columns that start at `lines[from]` in column `column`: a column is a run of consecutive lines that have a tab there.
 * `widths[line][column]` is filled for each of them.
 */
const measure = (lines: readonly (readonly string[])[], widths: number[][]): void => {
  const columns = Math.max(0, ...lines.map((cells) => cells.length - 1));
  for (let column = 0; column < columns; column++) {
    let start = 0;
    while (start < lines.length) {
      let end = start;
      while (end < lines.length && (lines[end]?.length ?? 0) > column + 1) end += 1;
      const block = lines.slice(start, end);
      const width = stopAfter(Math.max(0, ...block.map((cells) => widthOf(cells[column] ?? ''))));
      for (let line = start; line < end; line++) widths[line]?.push(width);
      start = end + 1;
    }
  }
};

/**
 * Aligns the tab-separated cells of a text with tabs, as Go's text/tabwriter does with the settings that `oc describe` gives it (minimal
 * width 0, tab width 8, padding 1). Text after a line's last tab is no cell and widens nothing.
 *
 * @see https://pkg.go.dev/text/tabwriter
 */
export const alignTabs = (text: string): string => {
  const lines = text.split('\n').map((line) => line.split('\t'));
  const widths: number[][] = lines.map(() => []);
  measure(lines, widths);
  return lines
    .map((cells, line) =>
      cells
        .map((cell, column) => {
          const width = widths[line]?.[column];
          if (column === cells.length - 1 || width === undefined) return cell;
          return cell + '\t'.repeat(Math.ceil((width - widthOf(cell)) / tabWidth));
        })
        .join(''),
    )
    .join('\n');
};
