import type { Figure, Mode, Result, Row } from "./result.ts";
import { summarize } from "./statistics.ts";
import { formatNumber } from "./table.ts";

const WIDTH = 540;
const BAR = 18;
const LABEL = 270;
const MARGIN = 16;

interface Panel {
  readonly result: Result;
  readonly figure: Figure;
}

/** One SVG of all figures that are marked for it: a row of panels for each, a column for each suite and mode; bars are medians, lines the spread. */
export function drawPicture(results: readonly Result[]): string {
  const columns = [...new Set(results.map(columnOf))];
  const rows = new Map<string, Panel[]>();
  for (const result of results) {
    for (const figure of result.figures.filter(({ drawn }) => drawn === true)) {
      const key = `${result.group} ${result.title} ${figure.key}`;
      rows.set(key, [...(rows.get(key) ?? []), { result, figure }]);
    }
  }
  let top = MARGIN;
  const parts: string[] = [];
  for (const panels of rows.values()) {
    const most = Math.max(
      ...panels.flatMap(({ result, figure }) => result.rows.map((row) => summarize(row.samples[figure.key])?.most ?? 0)),
    );
    for (const panel of panels) {
      const left = MARGIN + columns.indexOf(columnOf(panel.result)) * (WIDTH + MARGIN);
      parts.push(`<g transform="translate(${left} ${top})">${drawPanel(panel, most)}</g>`);
    }
    top += Math.max(...panels.map(({ result }) => result.rows.length)) * BAR + 70;
  }
  const width = MARGIN + Math.max(1, columns.length) * (WIDTH + MARGIN);
  return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" font-family="sans-serif" font-size="11">
<rect width="${width}" height="${top}" fill="white"/>
${parts.join("\n")}
</svg>
`;
}

function columnOf(result: { readonly suite: string; readonly mode: Mode; readonly systemd: string }): string {
  return `${result.suite}, systemd ${result.systemd}${result.mode === "favordynmods" ? ", favordynmods" : ""}`;
}

function drawPanel({ result, figure }: Panel, most: number): string {
  const scale = (WIDTH - LABEL - 60) / (most === 0 ? 1 : most);
  const title = `(${result.group}) ${figure.title}, ${figure.unit}`;
  const lines = [shorten(result.title, 90), columnOf(result)].map(
    (text, index) => `<text y="${25 + 14 * index}" fill="#666">${escapeXml(text)}</text>`,
  );
  const head = `<text y="11" font-weight="bold">${escapeXml(title)}</text>${lines.join("")}`;
  return head + result.rows.map((row, index) => drawBar(row, { figure, scale, top: 48 + index * BAR, own: isOwn(row) })).join("");
}

function isOwn(row: Row): boolean {
  return /^(\d+ × )?rkt\b/.test(row.title);
}

interface Place {
  readonly figure: Figure;
  readonly scale: number;
  readonly top: number;
  readonly own: boolean;
}

function drawBar(row: Row, { figure, scale, top, own }: Place): string {
  const middle = top + BAR / 2;
  const label = `<text x="${LABEL - 6}" y="${middle + 4}" text-anchor="end">${escapeXml(shorten(row.title, 48))}</text>`;
  const summary = summarize(row.samples[figure.key]);
  if (summary === undefined) return `${label}<text x="${LABEL}" y="${middle + 4}" fill="#999">not available</text>`;
  const at = (value: number): string => (LABEL + Math.max(0, value) * scale).toFixed(1);
  const bar = `<rect x="${LABEL}" y="${top + 3}" width="${(Math.max(0, summary.median) * scale).toFixed(1)}" height="${BAR - 6}" fill="${own ? "#2a6fb0" : "#b8bfc7"}"/>`;
  const spread = `<path d="M${at(summary.least)} ${middle}H${at(summary.most)}" stroke="#222" stroke-width="1"/>`;
  const value = `<text x="${(LABEL + Math.max(0, summary.most) * scale + 5).toFixed(1)}" y="${middle + 4}">${formatNumber(summary.median)}</text>`;
  return label + bar + spread + value;
}

function shorten(title: string, most: number): string {
  return title.length <= most ? title : `${title.slice(0, most - 1)}…`;
}

function escapeXml(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}
