import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Annotation } from "./appc.ts";

/** What an app's standard streams are, by the original's words. `log` is the journal, and whoever runs the pod in the foreground. */
export interface AppStreams {
  readonly stdin: "null" | "tty";
  readonly stdout: "log" | "null" | "tty";
  readonly stderr: "log" | "null" | "tty";
}

export type StreamName = keyof AppStreams;

/** Where nothing is said. */
export const plainStreams: AppStreams = { stdin: "null", stdout: "log", stderr: "log" };
/** All of them the one terminal that `rkt attach` joins. */
export const terminalStreams: AppStreams = { stdin: "tty", stdout: "tty", stderr: "tty" };
export const silentStreams: AppStreams = { stdin: "null", stdout: "null", stderr: "null" };

export function hasTerminal(streams: AppStreams | undefined): boolean {
  return streams !== undefined && Object.values(streams).includes("tty");
}

const modes: Readonly<Record<StreamName, readonly string[]>> = {
  stdin: ["null", "tty"],
  stdout: ["log", "null", "tty"],
  stderr: ["log", "null", "tty"],
};

const instead: Readonly<Record<StreamName, string>> = {
  stdin: `Use "tty" and "rkt attach", "rkt run --interactive", or a socket of the pod`,
  stdout: `Use "log" and "rkt logs -f", "tty" and "rkt attach", or a socket of the pod`,
  stderr: `Use "log" and "rkt logs -f", "tty" and "rkt attach", or a socket of the pod`,
};

/** Throws `stream-mode`; `place` is what the user wrote it in. */
export function parseStreamMode<Name extends StreamName>(name: Name, mode: string, place: string): AppStreams[Name] {
  if (mode === "stream") {
    throw new RktError("stream-mode", `Cannot use mode "stream" of ${place}: this release has no streams to attach to`, {
      hint: instead[name],
    });
  }
  if (!modes[name].includes(mode)) {
    throw new RktError("stream-mode", `Cannot use ${quoteText(mode)} as ${place}`, { hint: `It takes ${modes[name].join(", ")}` });
  }
  return mode as AppStreams[Name];
}

/** undefined where all that is said is what holds anyway. */
export function streamsOf(said: Partial<AppStreams>): AppStreams | undefined {
  const streams = { ...plainStreams, ...said };
  return names.every((name) => streams[name] === plainStreams[name]) ? undefined : streams;
}

const names: readonly StreamName[] = ["stdin", "stdout", "stderr"];
/** Of the annotations in which the original notes them in a pod manifest. */
export const streamAnnotationPrefix = "coreos.com/rkt/stage2/";

/** undefined where an app has no such annotations. Throws `stream-mode`. */
export function readStreamAnnotations(annotations: readonly Annotation[] | undefined): AppStreams | undefined {
  const said = (annotations ?? []).flatMap(({ name, value }) => {
    const stream = names.find((candidate) => name === `${streamAnnotationPrefix}${candidate}`);
    return stream === undefined ? [] : [[stream, parseStreamMode(stream, value, `annotation ${quoteText(name)}`)] as const];
  });
  return streamsOf(Object.fromEntries(said));
}
