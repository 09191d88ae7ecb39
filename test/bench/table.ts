import type { Figure, Result, Row } from "./result.ts";
import { judge, type Judgement, ratio, summarize } from "./statistics.ts";

/** One result as a text table: medians with least and most, how many times the base's they are, and the targets. */
export function formatResult(result: Result): string {
  const heading = `(${result.group}) ${result.title}: ${result.suite}, systemd ${result.systemd}, cgroups ${result.mode}, n = ${countSamples(result)}`;
  const header = ["", ...result.figures.flatMap((figure) => [`${figure.title}, ${figure.unit}`, "×"])];
  const rows = result.rows.map((row) => [row.title, ...formatCells(result, row)]);
  const lines = [
    heading,
    ...alignColumns([header, ...rows]),
    ...judge(result).map((judgement) => `  ${formatJudgement(result, judgement)}`),
  ];
  return [...lines, ...result.notes.map((note) => `  ${note}`)].join("\n");
}

function countSamples(result: Result): string {
  const counts = result.rows.flatMap((row) => Object.values(row.samples).map((list) => list.length));
  const [least, most] = [Math.min(...counts), Math.max(...counts)];
  return counts.length === 0 ? "0" : least === most ? String(least) : `${least}..${most}`;
}

function formatCells(result: Result, row: Row): string[] {
  if (row.absent !== undefined) return [`not available: ${row.absent}`];
  const base = result.rows.find(({ key }) => key === result.base);
  return result.figures.flatMap((figure) => {
    const times = row.key === result.base ? undefined : ratio(row.samples[figure.key], base?.samples[figure.key]);
    return [formatSummary(row.samples[figure.key]), times === undefined ? "" : formatNumber(times)];
  });
}

function formatSummary(samples: readonly number[] | undefined): string {
  const summary = summarize(samples);
  if (summary === undefined) return "-";
  return `${formatNumber(summary.median)} (${formatNumber(summary.least)}..${formatNumber(summary.most)})`;
}

function formatJudgement(result: Result, { target, value, met }: Judgement): string {
  const unit = target.to === undefined ? ` ${unitOf(result.figures, target.figure)}` : " ×";
  const wanted = `${target.title}: at most ${target.atMost}${unit}`;
  return value === undefined ? `${wanted}: not measured` : `${wanted}: ${formatNumber(value)}, ${met === true ? "met" : "MISSED"}`;
}

function unitOf(figures: readonly Figure[], key: string): string {
  return figures.find((figure) => figure.key === key)?.unit ?? "";
}

/** Three digits that mean something. */
export function formatNumber(value: number): string {
  const size = Math.abs(value);
  return value.toFixed(size >= 100 || value === 0 ? 0 : size >= 10 ? 1 : 2);
}

function alignColumns(rows: readonly (readonly string[])[]): string[] {
  const columns = Math.max(...rows.map((row) => row.length));
  const widths = Array.from({ length: columns }, (_, column) => Math.max(...rows.filter(isWhole).map((row) => row[column]?.length ?? 0)));
  return rows.map((row) => `  ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join("  ")}`.trimEnd());
}

/** A reason in place of figures does not widen a column. */
function isWhole(row: readonly string[]): boolean {
  return row.length > 2 || !(row[1] ?? "").startsWith("not available");
}
