import type { RktError } from "../base/error.ts";
import type { Warning } from "../spec/declaration.ts";
import type { Context } from "./context.ts";

/** Each problem on a line, its hint below it. */
export function reportProblems(context: Context, errors: readonly RktError[]): void {
  for (const error of errors) {
    context.stderr.write(`${error.message}\n`);
    if (error.hint !== undefined) context.stderr.write(`  ${error.hint}\n`);
  }
}

export function reportWarnings(context: Context, warnings: readonly Warning[]): void {
  for (const warning of warnings) {
    context.stderr.write(`${warning.path}:${warning.line}: Warning: ${warning.message}\n`);
    if (warning.hint !== undefined) context.stderr.write(`  ${warning.hint}\n`);
  }
}
