import { showPlain } from "./plain.ts";

/** Columns end at multiples of this, so that the tabs between them line up on any terminal. */
const TAB_WIDTH = 8;

export interface TableOptions {
  /** Titles of the columns. */
  readonly header: readonly string[];
  /** Whether to print them (`--no-legend` does not). Default true. */
  readonly legend?: boolean;
}

/**
 * Columns as the original printed them (Go's tabwriter): separated by tabs, at least one character between two,
 * each as wide as its widest cell. Lines end with a newline; no rows and no legend give an empty text. Cells are made safe here.
 */
export function formatTable(rows: readonly (readonly string[])[], options: TableOptions): string {
  const shown = (options.legend ?? true) ? [options.header, ...rows] : rows;
  const cells = shown.map((row) => row.map(showPlain));
  const widths = options.header.map((_, column) => measureColumn(cells, column));
  return cells
    .map((row) => `${row.map((cell, column) => padCell(cell, widths[column] ?? 0, column === row.length - 1)).join("")}\n`)
    .join("");
}

function measureColumn(cells: readonly (readonly string[])[], column: number): number {
  const longest = Math.max(0, ...cells.map((row) => lengthOf(row[column] ?? "")));
  return Math.ceil((longest + 1) / TAB_WIDTH) * TAB_WIDTH;
}

/** The last cell of a row needs no padding. */
function padCell(cell: string, width: number, last: boolean): string {
  return last ? cell : cell + "\t".repeat(Math.ceil((width - lengthOf(cell)) / TAB_WIDTH));
}

/** In characters, not UTF-16 units. */
function lengthOf(text: string): number {
  return Array.from(text).length;
}
