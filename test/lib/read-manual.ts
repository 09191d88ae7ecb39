/** A section of help or of a manual page as text without layout. */
export interface ManualSection {
  /** Left column, or terms of items, in order. */
  readonly terms: readonly string[];
  /** Lines that are to be typed. */
  readonly literal: readonly string[];
  /** Everything else, words separated by one space. */
  readonly text: string;
}

export type Manual = ReadonlyMap<string, ManualSection>;

/** Reads what packaging/man writes: man(7), as far as it is used there. An unknown request throws. */
export function readPage(roff: string): Manual {
  const sections = new Map<string, ManualSection>();
  for (const part of roff.split(/^\.SH /m).slice(1)) {
    const [title = "", ...lines] = part.split("\n");
    sections.set(title.replaceAll('"', ""), readRoff(lines));
  }
  return sections;
}

function readRoff(lines: readonly string[]): ManualSection {
  const terms: string[] = [];
  const literal: string[] = [];
  const text: string[] = [];
  let isTerm = false;
  let isLiteral = false;
  for (const line of lines) {
    const request = /^\.(\w+)/.exec(line)?.[1];
    if (request === "TP") isTerm = true;
    else if (request === "nf" || request === "fi") isLiteral = request === "nf";
    else if (request !== undefined && !["PP", "RS", "RE"].includes(request)) throw new Error(`A request that is not used: ${line}`);
    if (request !== undefined) continue;
    (isTerm ? terms : isLiteral ? literal : text).push(plain(line));
    isTerm = false;
  }
  return { terms, literal, text: collapse(text) };
}

function plain(line: string): string {
  return line
    .replace(/\\f[BR]/g, "")
    .replaceAll("\\&", "")
    .replaceAll("\\(dq", '"')
    .replace(/\\\(aq/g, "'")
    .replace(/\\\(ga/g, "`")
    .replace(/\\\(ha/g, "^")
    .replace(/\\\(ti/g, "~")
    .replace(/\\\[u([0-9A-F]+)\]/g, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll("\\-", "-")
    .replaceAll("\\e", "\\");
}

/** Reads `rkt help COMMAND`: titles, two columns, and examples with their text below. */
export function readHelp(help: string): Manual {
  const sections = new Map<string, ManualSection>();
  for (const part of help.split(/^(?=[A-Z ]+:$)/m)) {
    const [title = "", ...lines] = part.split("\n");
    const shown = lines.filter((line) => line !== "").map((line) => line.replace(/^\t/, ""));
    sections.set(title.replace(/:$/, ""), readColumns(title, shown));
  }
  return sections;
}

function readColumns(title: string, lines: readonly string[]): ManualSection {
  const outer = lines.filter((line) => !line.startsWith(" "));
  if (/^(EXAMPLES|USAGE):/.test(title)) return { terms: [], literal: outer, text: collapse(lines.filter((line) => !outer.includes(line))) };
  if (/^(NAME|DESCRIPTION|VERSION):/.test(title)) return { terms: [], literal: [], text: collapse(lines) };
  const terms = outer.map((line) => line.split(/ {2,}/, 1)[0] ?? "");
  return { terms, literal: [], text: collapse(lines.map((line) => (line.startsWith(" ") ? line : line.replace(/^.*?( {2,}|$)/, "")))) };
}

function collapse(lines: readonly string[]): string {
  return lines
    .join(" ")
    .split(/\s+/)
    .filter((word) => word !== "")
    .join(" ");
}
