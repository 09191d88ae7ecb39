import { escapeText } from "../../base/escape.ts";

/** A cell or line as it may be shown: what would move the cursor or break a column is escaped; text that is escaped already stays as it is. */
export function showPlain(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeText);
}
