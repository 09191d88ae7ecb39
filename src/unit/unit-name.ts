import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** As systemd-escape(1): `/` becomes `-`; what a unit's name may not hold, and `-` itself, becomes `\xNN`. */
export function escapeUnitName(text: string): string {
  return text.replace(/^\.|[^A-Za-z0-9:_./]/gu, escapeBytes).replaceAll("/", "-");
}

/** As `systemd-escape --path`: an absolute path as part of a unit's name. Throws `unit-value-invalid` for `..`. */
export function escapePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!path.startsWith("/") || parts.includes("..")) {
    throw new RktError("unit-value-invalid", `Cannot escape ${quoteText(path)}: it is no normal absolute path`);
  }
  return parts.length === 0 ? "-" : escapeUnitName(parts.join("/"));
}

function escapeBytes(character: string): string {
  return [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join("");
}
