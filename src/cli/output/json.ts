import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";

/** How a command prints: columns for people, or JSON in one line or indented by tabs. */
export type OutputFormat = "text" | "json" | "json-pretty";

/** The value of `--format`; empty or missing is text. Throws `format-unknown`. */
export function parseFormat(text: string | undefined): OutputFormat {
  if (text === undefined || text === "" || text === "text") return "text";
  if (text === "json" || text === "json-pretty") return text;
  throw new RktError("format-unknown", `Cannot print in format ${quoteText(text)}: it is unknown`, { hint: `Use "json" or "json-pretty"` });
}

/** JSON and a newline; members that are undefined are left out. JSON escapes control characters itself; the invisible rest is escaped here. */
export function formatJson(value: unknown, format: Exclude<OutputFormat, "text">): string {
  const text = JSON.stringify(value, undefined, format === "json-pretty" ? "\t" : undefined);
  return `${text.replace(/[\u007f-\u009f\p{Cf}\p{Zl}\p{Zp}]/gu, escapeForJson)}\n`;
}

function escapeForJson(character: string): string {
  return Array.from({ length: character.length }, (_, index) => `\\u${character.charCodeAt(index).toString(16).padStart(4, "0")}`).join("");
}
