import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { AppDeclaration } from "../spec/declaration.ts";
import type { Variable } from "./environment.ts";

const maxBytes = 1 << 20;

/** Reads the files of EnvironmentFile= (systemd.exec(5)), later ones over earlier ones. `-` in front forgives a missing file. */
export function readEnvironmentFiles(host: Host, app: AppDeclaration): Variable[] {
  return app.environmentFiles.flatMap((file) => {
    const where = `${file.origin.path}:${file.origin.line}: Cannot read environment file ${quoteText(file.path)}`;
    const stat = host.files.tryStat(file.path);
    if (stat === undefined && file.optional) return [];
    if (stat === undefined)
      throw new RktError("environment-file-missing", `${where}: it does not exist`, { hint: `"-" in front of the path forgives that` });
    if (stat.type !== "file" || stat.size > maxBytes)
      throw new RktError("environment-file-invalid", `${where}: it is no file of at most 1 MiB`);
    return parseEnvironmentFile(host.files.readText(file.path), where);
  });
}

/**
 * The syntax of systemd's environment files (systemd.exec(5), EnvironmentFile=; its `env-file.c`): quotes count at the start of a value and
 * behind another quoted part, and may span lines; inside double quotes a backslash takes `"`, `\`, a backquote and `$` as they are and is
 * itself before others; outside it takes any character. A backslash at the end of a line joins it with the next, but not in comments.
 * Stricter than systemd, which passes over what is no assignment and takes a quote that is not closed.
 */
export function parseEnvironmentFile(text: string, where: string): Variable[] {
  const variables: Variable[] = [];
  const reader: Reader = { text, index: 0 };
  for (;;) {
    reader.index += /^\s*/.exec(text.slice(reader.index))?.[0].length ?? 0;
    if (reader.index >= text.length) return variables;
    const line = lineOf(reader);
    if (/^[#;]/.test(line)) reader.index += line.length;
    else variables.push(readAssignment(reader, line, where));
  }
}

interface Reader {
  readonly text: string;
  index: number;
}

function readAssignment(reader: Reader, line: string, where: string): Variable {
  const number = reader.text.slice(0, reader.index).split(/\r\n|\n|\r/).length;
  const invalid = (reason: string): RktError => new RktError("environment-file-invalid", `${where}: line ${number} ${reason}`);
  const match = /^([A-Za-z_][A-Za-z0-9_]*)[ \t]*=[ \t]*/.exec(line);
  if (match === null) throw invalid("is not NAME=VALUE");
  reader.index += match[0].length;
  const value = readValue(reader);
  if (value === undefined) throw invalid("begins a quoted value that never ends");
  if (value.includes("\0")) throw invalid("has a NUL character in its value");
  return { name: match[1] ?? "", value };
}

/** Undefined where a quote is not closed. The reader stands at the end of its line afterwards. */
function readValue(reader: Reader): string | undefined {
  let value = "";
  for (;;) {
    const character = reader.text[reader.index];
    if (character === "'" || character === '"') {
      const part = readQuoted(reader, character);
      if (part === undefined) return undefined;
      value += part;
      reader.index += /^[ \t]*/.exec(reader.text.slice(reader.index, reader.index + lineOf(reader).length))?.[0].length ?? 0;
    } else if (character === undefined || /[\r\n]/.test(character)) return value;
    else return value + readPlain(reader);
  }
}

function readQuoted(reader: Reader, quote: string): string | undefined {
  const { text } = reader;
  let value = "";
  for (reader.index += 1; reader.index < text.length; reader.index += 1) {
    const character = text[reader.index] ?? "";
    if (character === quote) {
      reader.index += 1;
      return value;
    }
    if (character !== "\\" || quote === "'") {
      value += character;
      continue;
    }
    reader.index += 1;
    const next = text[reader.index] ?? "";
    if (/["\\`$]/.test(next)) value += next;
    else if (!/[\r\n]/.test(next)) value += `\\${next}`;
  }
  return undefined;
}

/** To the end of the line, and what a backslash joins to it. Space at its end counts only behind a backslash. */
function readPlain(reader: Reader): string {
  const { text } = reader;
  let value = "";
  let length = 0;
  for (; reader.index < text.length; reader.index += 1) {
    const character = text[reader.index] ?? "";
    if (/[\r\n]/.test(character)) break;
    const escaped = character === "\\";
    if (escaped) reader.index += 1;
    const next = text[reader.index] ?? "";
    if (escaped && next === "\r" && text[reader.index + 1] === "\n") reader.index += 1;
    if (!escaped || !/[\r\n]/.test(next)) value += next;
    if (escaped || !/\s/.test(next)) length = value.length;
  }
  return value.slice(0, length);
}

function lineOf({ text, index }: Reader): string {
  return /^[^\r\n]*/.exec(text.slice(index))?.[0] ?? "";
}
