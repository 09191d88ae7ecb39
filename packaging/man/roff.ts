/** man(7) requests as a value: every text is escaped here and nowhere else. */

/** What roff would set as another character than the one that is to be typed. */
const TYPED: Readonly<Record<string, string>> = { "\\": "\\e", "-": "\\-", "'": "\\(aq", "`": "\\(ga", "^": "\\(ha", "~": "\\(ti" };

/** Escapes text for roff: what it would set as typographers do, a point that begins a line, and all that is not ASCII. */
export function escapeRoff(text: string): string {
  return text
    .replace(/[\\\-'`^~]/g, (character) => TYPED[character] ?? "")
    .replace(/[^\n -~]/gu, (character) => `\\[u${(character.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`)
    .replace(/^\./gm, "\\&.");
}

export function header(title: string, version: string): string {
  return `.TH ${quote(title.toUpperCase())} 1 "" ${quote(`rkt ${version}`)} "rkt"\n`;
}

export function section(title: string, body: string): string {
  return body === "" ? "" : `.SH ${quote(title)}\n${body}`;
}

export function paragraph(text: string): string {
  return `.PP\n${escapeRoff(text)}\n`;
}

/** A term in bold with its text indented below it. */
export function item(term: string, text: string): string {
  return `.TP\n\\fB${escapeRoff(term)}\\fR\n${escapeRoff(text)}\n`;
}

/** Typed as it stands. */
export function literal(lines: readonly string[]): string {
  return `.PP\n.nf\n${lines.map((line) => `\\fB${escapeRoff(line)}\\fR`).join("\n")}\n.fi\n`;
}

/** References to other pages: "rkt-fetch(1), rkt.pod(5)". */
export function references(pages: readonly string[]): string {
  const shown = pages.map((page) =>
    page.replace(/^(.*)(\(\d\))$/, (_, name: string, chapter: string) => `\\fB${escapeRoff(name)}\\fR${chapter}`),
  );
  return `.PP\n${shown.join(",\n")}\n`;
}

function quote(text: string): string {
  return `"${escapeRoff(text).replaceAll('"', "\\(dq")}"`;
}
