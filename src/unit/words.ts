import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: "\x07",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
  v: "\v",
  "\\": "\\",
  '"': '"',
  "'": "'",
  s: " ",
};

/** Pattern after a backslash → base of the digits in its first group. */
const NUMBER_ESCAPES: readonly (readonly [pattern: RegExp, base: number])[] = [
  [/x([0-9a-fA-F]{2})/y, 16],
  [/u([0-9a-fA-F]{4})/y, 16],
  [/U([0-9a-fA-F]{8})/y, 16],
  [/([0-7]{3})/y, 8],
];

/**
 * Words of a value as systemd's extract_first_word() with unquoting and C unescaping: blanks separate, `"` and `'`
 * quote (also in mid-word), backslash escapes work inside and outside quotes. Throws `unit-quoting` on unbalanced
 * quotes, unknown escapes, NUL, and bytes that are no UTF-8.
 */
export function splitWords(value: string): string[] {
  const words: string[] = [];
  let position = 0;
  for (;;) {
    while (isBlank(value[position])) position++;
    if (position >= value.length) return words;
    const { word, end } = readWord(value, position);
    words.push(word);
    position = end;
  }
}

function readWord(value: string, start: number): { word: string; end: number } {
  const pieces: (string | number)[] = [];
  let quote: string | undefined;
  let position = start;
  while (position < value.length) {
    const character = value.charAt(position);
    if (character === "\\") {
      const escape = readEscape(value, position + 1);
      pieces.push(escape.piece);
      position = escape.end;
      continue;
    }
    if (quote === undefined && isBlank(character)) break;
    if (quote === undefined && (character === '"' || character === "'")) quote = character;
    else if (character === quote) quote = undefined;
    else pieces.push(character);
    position++;
  }
  if (quote !== undefined) throw quotingError(value, `the quote ${quote} is not closed`);
  return { word: joinPieces(pieces, value), end: position };
}

/** A piece is text, or a byte 0x80…0xff that only together with its neighbours makes a character. */
function readEscape(value: string, position: number): { piece: string | number; end: number } {
  const simple = SIMPLE_ESCAPES[value.charAt(position)];
  if (simple !== undefined) return { piece: simple, end: position + 1 };
  for (const [pattern, base] of NUMBER_ESCAPES) {
    pattern.lastIndex = position;
    const digits = pattern.exec(value)?.[1];
    if (digits === undefined) continue;
    const code = Number.parseInt(digits, base);
    const isByte = digits.length <= 3;
    if (code === 0 || code > 0x10ffff || (isByte && code > 0xff) || (code >= 0xd800 && code <= 0xdfff)) break;
    return { piece: isByte && code > 0x7f ? code : String.fromCodePoint(code), end: pattern.lastIndex };
  }
  throw quotingError(value, `unknown escape ${quoteText(value.slice(position - 1, position + 1))}`);
}

function joinPieces(pieces: readonly (string | number)[], value: string): string {
  if (pieces.every((piece) => typeof piece === "string")) return pieces.join("");
  const bytes = Buffer.concat(groupPieces(pieces));
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw quotingError(value, "its escapes give bytes that are not UTF-8");
  }
}

/** Text is joined before it is encoded: a surrogate pair stands in two pieces. */
function groupPieces(pieces: readonly (string | number)[]): Buffer[] {
  const groups: Buffer[] = [];
  let text = "";
  for (const piece of pieces) {
    if (typeof piece === "string") {
      text += piece;
      continue;
    }
    groups.push(Buffer.from(text), Buffer.from([piece]));
    text = "";
  }
  groups.push(Buffer.from(text));
  return groups;
}

function isBlank(character: string | undefined): boolean {
  return character === " " || character === "\t" || character === "\n" || character === "\r";
}

function quotingError(value: string, reason: string): RktError {
  return new RktError("unit-quoting", `Cannot split ${quoteText(value)} into words: ${reason}`);
}
