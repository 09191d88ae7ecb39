import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parseTimeSpan } from "../base/quantity.ts";
import type { OptionValues } from "./options.ts";
import { parseFlag } from "./spell-out-flags.ts";

/** What a timer can wait for, in milliseconds: 24 days. */
const LONGEST = 2 ** 31 - 1;

/** `--wait[=bool|duration]`: milliseconds to wait; 0 = do not; undefined = for ever (also a negative duration), as the original. Throws `usage`. */
export function parseWait(options: OptionValues, name: string): number | undefined {
  if (!options.given(name)) return 0;
  const text = options.text(name) ?? "true";
  const flag = parseFlag(text);
  if (flag !== undefined) return flag === "true" ? undefined : 0;
  const milliseconds = Math.ceil(readSpan(name, text) / 1000);
  return text.startsWith("-") || milliseconds > LONGEST ? undefined : milliseconds;
}

function readSpan(name: string, text: string): number {
  try {
    return parseTimeSpan(text.replace(/^-/, ""));
  } catch (cause) {
    const hint = `It takes true, false or a duration as 30s or 1m30s; without a value it waits for ever`;
    throw new RktError("usage", `Cannot use --${name}=${quoteText(text)}: it is no duration`, { hint, cause });
  }
}
