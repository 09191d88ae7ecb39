import { escapeText } from "../../base/escape.ts";

/** Nearly every text: much quicker to tell than what Unicode says of each character. */
const printable = /^[\x20-\x7e]*$/;

/** Is it text of which each character takes one place, and nothing is to be escaped? */
export function isPlain(text: string): boolean {
  return printable.test(text);
}

/** A cell or line as it may be shown: what would move the cursor or break a column is escaped; text that is escaped already stays as it is. */
export function showPlain(text: string): string {
  if (printable.test(text)) return text;
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeText);
}
