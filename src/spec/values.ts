import { isIP } from "../base/ip.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { splitWords } from "../unit/words.ts";

/** What cannot be read as a value; whoever knows the file and line puts them before it. */
export function valueError(message: string, hint?: string): RktError {
  return new RktError("value-invalid", message, hint === undefined ? {} : { hint });
}

/** systemd's and the original's (Go's) words for true and false. */
export function parseBoolean(text: string): boolean {
  const word = text.toLowerCase();
  if (["yes", "true", "on", "y", "t", "1"].includes(word)) return true;
  if (["no", "false", "off", "n", "f", "0"].includes(word)) return false;
  throw valueError(`Cannot read ${quoteText(text)} as yes or no`, `Write "yes" or "no"`);
}

export function parseChoice<T extends string>(text: string, choices: readonly T[]): T {
  const choice = choices.find((candidate) => candidate === text);
  if (choice === undefined)
    throw valueError(`Cannot use ${quoteText(text)} here`, `One of ${choices.map((word) => `"${word}"`).join(", ")}`);
  return choice;
}

/** Decimal, within the bounds. */
export function parseInteger(text: string, minimum: number, maximum: number): number {
  const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= minimum && value <= maximum) return value;
  throw valueError(`Cannot use ${quoteText(text)} here`, `A number from ${minimum} to ${maximum}`);
}

/** An absolute path without `..`, `.`, doubled or closing slashes; throws for `..` and relative paths. */
export function parseAbsolutePath(text: string): string {
  if (!text.startsWith("/")) throw valueError(`Cannot use path ${quoteText(text)}: it is not absolute`);
  if (text.length > 4095 || /\p{Cc}/u.test(text)) throw valueError(`Cannot use path ${quoteText(text)}`);
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw valueError(`Cannot use path ${quoteText(text)}: it holds ".."`);
  return `/${parts.join("/")}`;
}

/** "SIGTERM", "TERM" or "15" → "SIGTERM". */
export function parseSignal(text: string): string {
  const name = text.startsWith("SIG") ? text : `SIG${text}`;
  if (SIGNALS.includes(name)) return name;
  const realtime = /^(?:SIG)?RTMIN\+(\d{1,2})$/.exec(text)?.[1];
  if (realtime !== undefined && Number(realtime) <= 30) return `SIGRTMIN+${Number(realtime)}`;
  const byNumber = /^\d{1,2}$/.test(text) ? SIGNALS[Number(text) - 1] : undefined;
  if (byNumber !== undefined) return byNumber;
  throw valueError(`Cannot use ${quoteText(text)}: it is no signal`, `As in "SIGTERM"`);
}

export function parseIp(text: string): string {
  if (isIP(text) === 0) throw valueError(`Cannot read ${quoteText(text)} as an IP address`);
  return text;
}

/** `key=value` with a key that is not empty. */
export function parsePair(text: string): readonly [key: string, value: string] {
  const [key, value] = splitPair(text);
  return [key.trim(), value.trim()];
}

/** The same in a `.pod` file, where quotes may hold all of it or the value. */
export function parseQuotedPair(text: string): readonly [key: string, value: string] {
  return /^(?:[^="']*=\s*)?["']/.test(text) ? splitPair(unquote(text)) : parsePair(text);
}

/** Fields of a `.pod` file that are separated by commas: quotes may hold all of them, or one field's value. */
export function unquoteFields(text: string): string {
  return /(?:^|[=,])["']/.test(text) ? unquote(text) : text;
}

/** The same, split: commas within the quotes of one field's value are that value's. */
export function splitFields(text: string): string[] {
  const whole = unquoteFields(text);
  if (whole === text) return text.split(",");
  const fields = text.match(FIELD) ?? [];
  return fields.length > 1 ? fields.map((field) => unquote(field.replace(/^,/, ""))) : whole.split(",");
}

/** With the comma before it; `unquote` has seen that every quote is closed. */
const FIELD = /(?:^|,)(?:\\.|"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|[^,"'\\])*/gs;

/** One word, as systemd unquotes it. */
function unquote(text: string): string {
  const [word = "", ...others] = splitWords(text);
  if (others.length > 0) throw valueError(`Cannot read ${quoteText(text)}: its quotes hold a part of it only`, "Quote it as a whole");
  if (/\p{Cc}/u.test(word)) throw valueError(`Cannot read ${quoteText(text)}: it holds a control character`);
  return word;
}

function splitPair(text: string): readonly [key: string, value: string] {
  const equals = text.indexOf("=");
  if (equals < 1) throw valueError(`Cannot read ${quoteText(text)}`, `Write "KEY=VALUE"`);
  return [text.slice(0, equals), text.slice(equals + 1)];
}

/** `NAME=VALUE` of an environment, the name as systemd takes it. */
export function parseEnvironmentPair(text: string): { readonly name: string; readonly value: string } {
  const equals = text.indexOf("=");
  const name = text.slice(0, Math.max(equals, 0));
  if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) {
    throw valueError(`Cannot read ${quoteText(text)} as an environment variable`, `Write "NAME=VALUE"; NAME is letters, digits and "_"`);
  }
  return { name, value: text.slice(equals + 1) };
}

/** Words separated by blanks or commas; where there are quotes, as systemd unquotes them. */
export function splitList(text: string): string[] {
  const words = /["']/.test(text) ? splitWords(text) : text.split(/\s+/);
  return words.flatMap((word) => word.split(",")).filter((word) => word !== "");
}

/** By number, from 1, as on amd64 and arm64. */
const SIGNALS: readonly string[] = [
  ...["SIGHUP", "SIGINT", "SIGQUIT", "SIGILL", "SIGTRAP", "SIGABRT", "SIGBUS", "SIGFPE", "SIGKILL", "SIGUSR1", "SIGSEGV", "SIGUSR2"],
  ...["SIGPIPE", "SIGALRM", "SIGTERM", "SIGSTKFLT", "SIGCHLD", "SIGCONT", "SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU", "SIGURG"],
  ...["SIGXCPU", "SIGXFSZ", "SIGVTALRM", "SIGPROF", "SIGWINCH", "SIGIO", "SIGPWR", "SIGSYS"],
];
