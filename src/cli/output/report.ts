import { messageOf, RktError } from "../../base/error.ts";
import { escapeText } from "../../base/escape.ts";
import type { Output } from "../context.ts";

export interface ReportOptions {
  /** The command's whole name, or "rkt": what the line begins with. */
  readonly command: string;
  /** Shows each cause on a line of its own. */
  readonly debug: boolean;
  readonly stderr: Output;
}

/** Says an error once, on standard error, as `command: text` with the hint below; returns the exit status. */
export function reportError(error: unknown, options: ReportOptions): number {
  const lines = [`${options.command}: ${describeError(error)}`];
  if (error instanceof RktError && error.hint !== undefined) lines.push(`  ${error.hint}`);
  if (options.debug) lines.push(...listCauses(error));
  options.stderr.write(`${lines.join("\n")}\n`);
  return error instanceof RktError ? error.exitCode : 254;
}

function describeError(error: unknown): string {
  if (error instanceof RktError) return error.message;
  return escapeText(messageOf(error));
}

function listCauses(error: unknown): string[] {
  const lines: string[] = [];
  let cause = error instanceof Error ? error.cause : undefined;
  for (let depth = 1; cause !== undefined && depth < 10; depth += 1) {
    lines.push(`${"  ".repeat(depth)}└─${escapeText(messageOf(cause))}`);
    cause = cause instanceof Error ? cause.cause : undefined;
  }
  return lines;
}
