import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** One protection that `--insecure-options` can switch off. */
export type InsecureOption = "image" | "tls" | "http" | "pubkey" | "capabilities" | "paths" | "seccomp";

const GROUPS: Readonly<Record<string, readonly InsecureOption[]>> = {
  none: [],
  ondisk: [],
  "all-fetch": ["image", "tls", "http", "pubkey"],
  "all-run": ["capabilities", "paths", "seccomp"],
  all: ["image", "tls", "http", "pubkey", "capabilities", "paths", "seccomp"],
};

/** Reads the words of `--insecure-options`, as the original: `none` and `ondisk` are accepted and change nothing. */
export function parseInsecureOptions(words: readonly string[]): ReadonlySet<InsecureOption> {
  const options = new Set<InsecureOption>();
  for (const word of words) {
    const single = GROUPS["all"]?.find((option) => option === word);
    const group = single === undefined ? (Object.hasOwn(GROUPS, word) ? GROUPS[word] : undefined) : [single];
    if (group === undefined) throw unknownWord(word);
    for (const option of group) options.add(option);
  }
  return options;
}

function unknownWord(word: string): RktError {
  const known = ["none", ...(GROUPS["all"] ?? []), "ondisk", "all-fetch", "all-run", "all"].join(", ");
  return new RktError("usage", `Cannot use --insecure-options=${quoteText(word)}: there is no such option`, { hint: `It takes ${known}` });
}
