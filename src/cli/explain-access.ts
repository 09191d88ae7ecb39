import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** A file that the caller may not read is no mystery: says who may. Any other error is returned as it is. */
export function explainAccess(error: unknown): unknown {
  const path = error instanceof Error && "path" in error && typeof error.path === "string" ? error.path : undefined;
  if (error instanceof RktError || path === undefined || errno(error) !== "EACCES") return error;
  return new RktError("no-access", `Cannot read ${quoteText(path)}: permission denied`, {
    cause: error,
    hint: "Lists are for root and for members of group rkt, everything else for root",
  });
}
