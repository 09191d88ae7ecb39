import { RktError } from "../base/error.ts";
import type { Context } from "./context.ts";
import { reportError } from "./output/report.ts";

/**
 * Does the same for each argument; one that fails is reported, as that of `command`, and does not stop the rest.
 * Returns 0, or the last error's exit status.
 */
export async function forEachArgument(
  { context, command }: { readonly context: Context; readonly command: string },
  args: readonly string[],
  action: (text: string) => Promise<void>,
): Promise<number> {
  let status = 0;
  for (const text of args) {
    try {
      await action(text);
    } catch (error) {
      if (!(error instanceof RktError)) throw error;
      status = reportError(error, { command, debug: context.debug, stderr: context.stderr });
    }
  }
  return status;
}
