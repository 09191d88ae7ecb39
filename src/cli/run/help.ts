import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { rootCommand } from "../command/index.ts";
import type { Context } from "../context.ts";
import { formatCommandHelp, formatRootHelp } from "../help.ts";
import { resolveCommand } from "../resolve.ts";

export async function run(context: Context, args: readonly string[]): Promise<number> {
  const { path, rest } = resolveCommand(rootCommand, args);
  const [stray] = rest;
  if (stray !== undefined) {
    throw new RktError("command-unknown", `Cannot find help on ${quoteText(args.join(" "))}: there is no such command`, {
      exitCode: 2,
      hint: `"rkt help" lists the commands`,
    });
  }
  context.stdout.write(path.length === 0 ? formatRootHelp(rootCommand, context.version) : formatCommandHelp(path));
  return 0;
}
