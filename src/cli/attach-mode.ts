import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AppStreams } from "../spec/app-streams.ts";

/** The two directions of a terminal, by the original's names. */
export type Endpoint = "tty-in" | "tty-out";

export type AttachMode = "list" | readonly Endpoint[];

/** What there is to attach to. */
export function endpointsOf(streams: AppStreams | undefined): Endpoint[] {
  if (streams === undefined) return [];
  const output = streams.stdout === "tty" || streams.stderr === "tty";
  return [...(streams.stdin === "tty" ? (["tty-in"] as const) : []), ...(output ? (["tty-out"] as const) : [])];
}

/** `--mode`; `there` is what the app has. Throws `usage`, `attach-mode`. */
export function chooseMode(text: string, there: readonly Endpoint[]): AttachMode {
  if (text === "list") return "list";
  if (text === "auto" || text === "tty") return there;
  return [...new Set(text.split(","))].map((word) => chooseEndpoint(word, there));
}

function chooseEndpoint(word: string, there: readonly Endpoint[]): Endpoint {
  if (["stdin", "stdout", "stderr"].includes(word)) {
    throw new RktError("attach-mode", `Cannot attach to ${word}: this release has no streams to attach to`, {
      hint: `Use "rkt logs -f" to read what an app prints, or give it a terminal`,
    });
  }
  if (word !== "tty-in" && word !== "tty-out")
    throw new RktError("usage", `Cannot attach by mode ${quoteText(word)}`, { hint: "It takes auto, list, tty, tty-in and tty-out" });
  if (there.includes(word)) return word;
  throw new RktError("attach-mode", `Cannot attach to ${word}: the app's terminal has only ${there.join(", ")}`);
}
