import { isPlain, showPlain } from "./plain.ts";
import { paint, plainStyle, type Style, type Tone } from "./style.ts";

/** Columns in a pipe end at multiples of this, so that the tabs between them line up on any terminal. */
const TAB_WIDTH = 8;

/** Between two columns on a terminal. */
const GAP = 2;

/** A text, with what it means to the reader where it is to be coloured. */
export type Cell = string | { readonly text: string; readonly tone: Tone | undefined };

export interface TableOptions {
  /** Titles of the columns. */
  readonly header: readonly string[];
  /** Whether to print them (`--no-legend` does not). Default true. */
  readonly legend?: boolean;
  /** Default: that of a pipe. */
  readonly style?: Style;
}

/**
 * Columns as the original printed them (Go's tabwriter): separated by tabs, at least one character between two, each as wide as its
 * widest cell. On a terminal they are separated by spaces, as wide as they need to be, and coloured. Lines end with a newline; no rows
 * and no legend give an empty text. Cells are made safe here.
 */
export function formatTable(rows: readonly (readonly Cell[])[], { header, legend = true, style = plainStyle }: TableOptions): string {
  const titles = header.map((text): Cell => ({ text, tone: "title" }));
  const cells = showCells(legend ? [titles, ...rows] : rows);
  const widths = header.map((_, column) => Math.max(0, ...cells.map((row) => row[column]?.length ?? 0)));
  const separate = style.aligned ? padBySpaces : padByTabs;
  return cells.map((row) => `${formatRow(row, { widths, style, separate })}\n`).join("");
}

interface Shown {
  readonly text: string;
  /** In characters, not UTF-16 units. */
  readonly length: number;
  readonly tone: Tone | undefined;
}

interface RowStyle {
  readonly widths: readonly number[];
  readonly style: Style;
  /** What stands between a cell of this length and the next one. */
  readonly separate: (length: number, width: number) => string;
}

/** Most tables hold nothing but plain text: one look at all of it tells. */
function showCells(rows: readonly (readonly Cell[])[]): Shown[][] {
  const plain = isPlain(rows.map((row) => row.map(textOf).join("")).join(""));
  return rows.map((row) => row.map((cell) => showCell(cell, plain)));
}

function textOf(cell: Cell): string {
  return typeof cell === "string" ? cell : cell.text;
}

function showCell(cell: Cell, plain: boolean): Shown {
  const tone = typeof cell === "string" ? undefined : cell.tone;
  const text = plain ? textOf(cell) : showPlain(textOf(cell));
  return { text, length: plain ? text.length : Array.from(text).length, tone };
}

/** The last cell of a row needs no padding; on a terminal neither does what stands before empty ones. */
function formatRow(row: readonly Shown[], { widths, style, separate }: RowStyle): string {
  const line = row.map(({ text, length, tone }, column) => {
    const gap = column === row.length - 1 ? "" : separate(length, widths[column] ?? 0);
    return paint(text, tone, style) + gap;
  });
  return style.aligned ? line.join("").trimEnd() : line.join("");
}

function padByTabs(length: number, width: number): string {
  const column = Math.ceil((width + 1) / TAB_WIDTH) * TAB_WIDTH;
  return "\t".repeat(Math.ceil((column - length) / TAB_WIDTH));
}

function padBySpaces(length: number, width: number): string {
  return " ".repeat(width + GAP - length);
}
