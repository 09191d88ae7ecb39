import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/**
 * systemd's file syntax as a value (systemd.syntax(7)): sections in order, entries in order, comments kept.
 * Units are built with `unitFile` and printed with `serializeUnitFile`; `.pod` files are read with `parseUnitFile`.
 */
export interface UnitFile {
  readonly sections: readonly UnitSection[];
  /** Comment lines before the first section, without `#`. */
  readonly comments?: readonly string[];
}

export interface UnitSection {
  readonly name: string;
  /** 1-based line of the header where it was read from a file. */
  readonly line?: number;
  readonly entries: readonly UnitEntry[];
}

export interface UnitEntry {
  readonly key: string;
  /** Raw value: continuation lines joined by a blank, outer white space trimmed; no unquoting, no specifier expansion. */
  readonly value: string;
  readonly line?: number;
  /** File the entry was read from: a `.pod` file or one of its drop-ins. */
  readonly path?: string;
  /** Comment lines shown above the entry, without `#`. */
  readonly comments?: readonly string[];
}

/** `[key, value]`, or `[key, value, comment]`; a string array repeats the key; undefined drops the entry. */
export type EntryInput =
  | readonly [key: string, value: string | readonly string[] | undefined]
  | readonly [key: string, value: string | readonly string[] | undefined, comment: string];

/**
 * Makes a unit. Throws `unit-value-invalid` when a section, key or value holds a newline or NUL or a key is not
 * `[A-Za-z0-9-]+`: nothing a user wrote can add a line of its own. Sections without entries are dropped.
 */
export function unitFile(sections: Readonly<Record<string, readonly EntryInput[]>>, comments: readonly string[] = []): UnitFile {
  const result: UnitSection[] = [];
  for (const [name, inputs] of Object.entries(sections)) {
    const entries = inputs.flatMap(toEntries);
    checkText(name);
    if (entries.length > 0) result.push({ name, entries });
  }
  for (const comment of comments) checkText(comment);
  return comments.length > 0 ? { sections: result, comments } : { sections: result };
}

/** The text of a unit file, ending in a newline. A pure function of the value. */
export function serializeUnitFile(file: UnitFile): string {
  const lines: string[] = (file.comments ?? []).map(commentLine);
  for (const section of file.sections) {
    if (lines.length > 0) lines.push("");
    lines.push(`[${section.name}]`);
    for (const entry of section.entries) {
      lines.push(...(entry.comments ?? []).map(commentLine), `${entry.key}=${entry.value}`);
    }
  }
  return `${lines.join("\n")}\n`;
}

function toEntries(input: EntryInput): UnitEntry[] {
  const [key, value, comment] = input;
  if (value === undefined) return [];
  const values = typeof value === "string" ? [value] : value;
  return values.map((item, index) => {
    checkKey(key);
    checkText(item);
    if (comment === undefined || index > 0) return { key, value: item };
    checkText(comment);
    return { key, value: item, comments: [comment] };
  });
}

function checkKey(key: string): void {
  if (!/^[A-Za-z0-9-]+$/.test(key)) throw new RktError("unit-value-invalid", `Cannot write a unit: ${quoteText(key)} is no key`);
}

function checkText(text: string): void {
  if (/[\n\r\0]/.test(text) || text.endsWith("\\")) {
    throw new RktError("unit-value-invalid", `Cannot write a unit: ${quoteText(text)} does not fit one line`);
  }
}

function commentLine(text: string): string {
  return text === "" ? "#" : `# ${text}`;
}
