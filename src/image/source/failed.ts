import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";

/** `fetch-failed`, with the reason. */
export function failed(url: URL | string, reason: string, cause?: unknown): RktError {
  return new RktError("fetch-failed", `Cannot fetch ${quoteText(String(url))}: ${reason}`, { cause });
}
