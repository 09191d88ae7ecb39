import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { UnitEntry, UnitFile, UnitSection } from "./unit-file.ts";

/** Largest file that is read, in UTF-16 units; also systemd's limit for one line with its continuations. */
export const MAX_UNIT_FILE = 1024 * 1024;

interface LogicalLine {
  readonly text: string;
  readonly line: number;
}

/**
 * Reads systemd.syntax(7) strictly: what systemd ignores with a warning is an error here. Comments are dropped,
 * continuation lines joined by a blank, and every entry knows its file and first line. A section that is opened
 * twice stands twice. Errors are `unit-syntax`, the message starting `PATH:LINE: `.
 */
export function parseUnitFile(text: string, path: string): UnitFile {
  checkText(text, path);
  const sections: (UnitSection & { readonly entries: UnitEntry[] })[] = [];
  for (const { text: content, line } of joinLines(text, path)) {
    if (content.startsWith("[")) {
      sections.push({ name: parseHeader(content, path, line), line, entries: [] });
      continue;
    }
    const section = sections.at(-1);
    const entry = parseEntry(content, path, line);
    if (section === undefined) throw syntaxError(path, line, `Key ${quoteText(`${entry.key}=`)} stands before the first section`);
    section.entries.push(entry);
  }
  return { sections };
}

/** Text of a unit file's bytes; refuses what is not UTF-8 or too large with `unit-syntax`. */
export function decodeUnitFile(bytes: Uint8Array, path: string): string {
  if (bytes.length > MAX_UNIT_FILE) throw syntaxError(path, 1, "The file is larger than 1 MiB");
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new RktError("unit-syntax", `${path}:1: The file is not valid UTF-8`, { cause: error });
  }
}

function checkText(text: string, path: string): void {
  if (text.length > MAX_UNIT_FILE) throw syntaxError(path, 1, "The file is larger than 1 MiB");
  const bad = text.search(/\0|\uFFFD|\p{Cs}/u);
  if (bad === -1) return;
  const line = text.slice(0, bad).split(/\r\n|\n\r|\n|\r/).length;
  throw syntaxError(path, line, text[bad] === "\0" ? "The line holds a NUL character" : "The line is not valid UTF-8");
}

/** Comments and empty lines dropped, continuations joined as systemd's config_parse() does. */
function joinLines(text: string, path: string): LogicalLine[] {
  const result: LogicalLine[] = [];
  let open: LogicalLine | undefined;
  const finish = (): void => {
    if (open !== undefined && strip(open.text) !== "") result.push({ text: strip(open.text), line: open.line });
    open = undefined;
  };
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\n\r|\n|\r/);
  lines.forEach((physical, index) => {
    if (/^[ \t]*[#;]/.test(physical)) return;
    open = open === undefined ? { text: physical, line: index + 1 } : { text: open.text + physical, line: open.line };
    if (endsInBackslash(open.text)) open = { text: `${open.text.slice(0, -1)} `, line: open.line };
    else finish();
  });
  if (open !== undefined) throw syntaxError(path, lines.length, "The file ends in a continuation line");
  return result;
}

function endsInBackslash(text: string): boolean {
  let start = text.length;
  while (text[start - 1] === "\\") start--;
  return (text.length - start) % 2 === 1;
}

function parseHeader(content: string, path: string, line: number): string {
  const name = /^\[([^[\]\p{Cc}]+)\]$/u.exec(content)?.[1];
  if (name === undefined) throw syntaxError(path, line, `Cannot read section header ${quoteText(content)}`, `A header is "[NAME]"`);
  return name;
}

function parseEntry(content: string, path: string, line: number): UnitEntry {
  const equals = content.indexOf("=");
  if (equals === -1) throw syntaxError(path, line, `Missing "=" in ${quoteText(content)}`, `A line is "Key=value" or a comment`);
  const key = strip(content.slice(0, equals));
  if (!/^[A-Za-z0-9-]+$/.test(key)) throw syntaxError(path, line, `Cannot read ${quoteText(key)} as a key`);
  return { key, value: strip(content.slice(equals + 1)), line, path };
}

/** systemd's white space; String.trim() would take no-break spaces too, and a pattern would take long on many blanks. */
function strip(text: string): string {
  let start = 0;
  let end = text.length;
  while (isBlank(text[start])) start++;
  while (end > start && isBlank(text[end - 1])) end--;
  return text.slice(start, end);
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t";
}

function syntaxError(path: string, line: number, message: string, hint?: string): RktError {
  return new RktError("unit-syntax", `${path}:${line}: ${message}`, hint === undefined ? {} : { hint });
}
