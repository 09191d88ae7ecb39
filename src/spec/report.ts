import { RktError } from "../base/error.ts";
import type { Origin, Warning } from "./declaration.ts";

/** Everything found while a `.pod` file is read: reading goes on after a problem, so that all are told at once. */
export interface Report {
  readonly problems: RktError[];
  readonly warnings: Warning[];
}

/** A problem of a `.pod` file: `PATH:LINE: sentence`. */
export function problemAt(origin: Origin, message: string, hint?: string): RktError {
  return new RktError("pod-file-invalid", `${origin.path}:${origin.line}: ${message}`, hint === undefined ? {} : { hint });
}

/** Runs `read`; an RktError becomes a problem at `origin`, the result then is undefined. */
export function attempt<T>(report: Report, origin: Origin, read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    report.problems.push(
      error.code === "pod-file-invalid" || error.code === "unit-syntax" ? error : problemAt(origin, error.message, error.hint),
    );
    return undefined;
  }
}

/** Problems in the order of files and lines, each sentence once. */
export function sortProblems(problems: readonly RktError[], paths: readonly string[]): RktError[] {
  const rank = (error: RktError): number => {
    const path = paths.findIndex((candidate) => error.message.startsWith(`${candidate}:`));
    const line = path === -1 ? 0 : Number.parseInt(error.message.slice((paths[path] ?? "").length + 1), 10);
    return path * 1e7 + line;
  };
  const unique = problems.filter((error, index) => problems.findIndex((other) => other.message === error.message) === index);
  return unique.sort((a, b) => rank(a) - rank(b));
}
