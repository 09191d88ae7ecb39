/**
 * Foreign text as it may be shown on a terminal: control characters, bidirectional overrides and other
 * invisible characters become `\x1b`, `\u202e`; a backslash becomes `\\`. Newlines are escaped too.
 */
export function escapeText(text: string): string {
  return text.replace(/[\\\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escapeCharacter);
}

/** `escapeText` in double quotes, cut to a length that still fits a line. */
export function quoteText(text: string, limit = 200): string {
  const cut = text.length > limit ? `${text.slice(0, limit)}…` : text;
  return `"${escapeText(cut).replaceAll('"', '\\"')}"`;
}

function escapeCharacter(character: string): string {
  if (character === "\\") return "\\\\";
  if (character === "\n") return "\\n";
  if (character === "\t") return "\\t";
  const code = character.codePointAt(0) ?? 0;
  return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
}
