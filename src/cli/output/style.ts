import type { Context } from "../context.ts";

/** How tables and states are drawn. */
export interface Style {
  /** For eyes: columns aligned by spaces; else as scripts know it, separated by tabs. */
  readonly aligned: boolean;
  readonly colour: boolean;
}

/** Of a pipe or file: what scripts read does not depend on the environment. */
export const plainStyle: Style = { aligned: false, colour: false };

/** Standard output's: colour on a terminal only, and not where NO_COLOR (no-color.org) or TERM=dumb say so. */
export function styleOf({ host, isTerminal }: Pick<Context, "isTerminal"> & { readonly host: Pick<Context["host"], "env"> }): Style {
  if (!isTerminal.stdout) return plainStyle;
  const { TERM: terminal = "", NO_COLOR: off = "" } = host.env;
  return { aligned: true, colour: off === "" && terminal !== "" && terminal !== "dumb" };
}

/** What a word means to who reads it. */
export type Tone = "good" | "doubtful" | "bad" | "title";

const codes: Readonly<Record<Tone, string>> = { good: "32", doubtful: "33", bad: "31", title: "1" };

export function paint(text: string, tone: Tone | undefined, { colour }: Style): string {
  return !colour || tone === undefined || text === "" ? text : `\u001b[${codes[tone]}m${text}\u001b[0m`;
}

/** Of states of pods, declarations and keys; what is neither good nor bad has none. */
const tones: Readonly<Record<string, Tone>> = {
  running: "good",
  preparing: "doubtful",
  "aborted prepare": "bad",
  "out of date": "doubtful",
  "not declared": "doubtful",
  invalid: "bad",
  trusted: "good",
  refused: "bad",
  revoked: "bad",
  expired: "bad",
  weak: "bad",
};

export function toneOf(state: string): Tone | undefined {
  return Object.hasOwn(tones, state) ? tones[state] : undefined;
}
