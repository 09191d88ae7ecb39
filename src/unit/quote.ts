import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

export { escapePath, escapeUnitName } from "./unit-name.ts";
export { splitWords } from "./words.ts";

/** systemd's limit for a line of a unit (LONG_LINE_MAX), less the room for key and prefix. */
const MAX_LINE = 1024 * 1024 - 64;

/**
 * The value of an Exec line that systemd 252 to 262 reads back as exactly `argv`: `%` and `$` are doubled, what is not
 * plain is quoted, control characters are escaped. Prefixes (`-`, `+`, …) may be put before the result.
 *
 * Throws `unit-value-invalid` for what no Exec line can say: a program that is neither absolute nor a plain file name,
 * that starts with one of systemd's prefix characters (systemd looks for them after unquoting), or holds quotes,
 * backslashes or control characters; NUL or lone surrogates anywhere.
 */
export function quoteArgv(argv: readonly string[]): string {
  const program = argv[0];
  if (program === undefined) throw invalid("no program given");
  checkProgram(program);
  // systemd expands variables in arguments but not in the program's path, so a path with "$" asks for no expansion at all.
  const literal = program.includes("$");
  const words = argv.map((word) => quoteWord(escapeSpecifiers(literal ? word : word.replaceAll("$", "$$$$"))));
  const line = (literal ? ":" : "") + words.join(" ");
  if (Buffer.byteLength(line) > MAX_LINE) throw invalid("the command line is longer than 1 MiB");
  return line;
}

/** One word for systemd's list values (Environment=, …): quoted where needed, `%` doubled; `$` means nothing there. */
export function quoteValue(text: string): string {
  // systemd drops an assignment that holds a noncharacter (U+FFFE, …), however it is escaped.
  if (/\p{Noncharacter_Code_Point}/u.test(text)) throw invalid(`${quoteText(text)} holds a Unicode noncharacter`);
  return quoteWord(escapeSpecifiers(text));
}

/** `%` doubled, so that systemd sees no specifier. */
export function escapeSpecifiers(text: string): string {
  return text.replaceAll("%", "%%");
}

function checkProgram(program: string): void {
  if (/^[@\-:+!|]/.test(program)) throw invalid(`program ${quoteText(program)} starts with a character that systemd takes for a prefix`);
  if (/["'\\\p{Cc}]/u.test(program)) throw invalid(`program ${quoteText(program)} holds a quote, a backslash or a control character`);
  const isName = program !== "" && program !== "." && program !== ".." && !program.includes("/");
  if (!isName && !program.startsWith("/")) throw invalid(`program ${quoteText(program)} is neither an absolute path nor a file name`);
  if (program.endsWith("/")) throw invalid(`program ${quoteText(program)} is a directory`);
}

function quoteWord(word: string): string {
  if (word.includes("\0")) throw invalid(`${quoteText(word)} holds a NUL character`);
  if (!word.isWellFormed()) throw invalid(`${quoteText(word)} is not valid Unicode`);
  if (/^[A-Za-z0-9_/=:.,@+%$^~-]+$/.test(word)) return word;
  return `"${word.replace(/["\\]/g, "\\$&").replace(/[\p{C}\p{Zl}\p{Zp}\uFFFD]/gu, escapeBytes)}"`;
}

/** Bytes, not `\u`: systemd refuses `\U` for noncharacters. U+FFFD is what a reader shows for a byte that is not UTF-8. */
function escapeBytes(character: string): string {
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}

function invalid(reason: string): RktError {
  return new RktError("unit-value-invalid", `Cannot write a unit: ${reason}`);
}
