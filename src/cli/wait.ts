import { parseTimeSpan } from "../base/quantity.ts";
import type { OptionValues } from "./options.ts";

/** `--wait[=bool|duration]`: milliseconds to wait; 0 = do not; undefined = for ever (also a negative duration), as the original. */
export function parseWait(options: OptionValues, name: string): number | undefined {
  if (!options.given(name)) return 0;
  const text = options.text(name) ?? "true";
  if (text === "true" || text === "1" || text.startsWith("-")) return undefined;
  if (text === "false" || text === "0") return 0;
  return Math.ceil(parseTimeSpan(text) / 1000);
}
