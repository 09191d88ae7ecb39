import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { readStreamAnnotations } from "../../spec/app-streams.ts";
import { connectTerminal } from "../../systemd/connect-terminal.ts";
import { chooseMode, endpointsOf } from "../attach-mode.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { chooseApp, findLeader, viewRunning } from "../running-pod.ts";

export async function run(context: Context, [name = ""]: readonly string[], options: OptionValues): Promise<number> {
  const view = viewRunning(context, name, "attach to");
  const { app } = chooseApp(view, options.text("app"), "attach to");
  const there = endpointsOf(readStreamAnnotations(app.annotations));
  if (there.length === 0)
    throw new RktError("attach-no-terminal", `Cannot attach to app ${quoteText(app.name)}: it has no terminal`, {
      hint: `Declare it with "Output=tty", or run it with "--stdin=tty --stdout=tty --stderr=tty"; "rkt logs -f" reads what it prints`,
    });
  const mode = chooseMode(options.text("mode") ?? "auto", there);
  if (mode === "list") {
    context.stdout.write(there.map((endpoint) => `${endpoint}\n`).join(""));
    return 0;
  }
  const descriptor = connectTerminal(context.host, await findLeader(context, view, "attach to"), app.name);
  const wish = { input: mode.includes("tty-in"), output: mode.includes("tty-out") };
  if (context.isTerminal.stdin && (wish.input || context.isTerminal.stdout))
    context.stderr.write(`attach: ^] leaves app ${quoteText(app.name)}, which goes on\n`);
  const { attachTerminal } = await import("../../host/attach-terminal.ts");
  const end = await attachTerminal(descriptor, wish);
  const newLine = wish.output && context.isTerminal.stdout ? "\n" : "";
  if (end === "ended") context.stderr.write(`${newLine}attach: app ${quoteText(app.name)} has ended\n`);
  if (end === "detached" && context.isTerminal.stdin) context.stderr.write(`${newLine}attach: left app ${quoteText(app.name)}\n`);
  return typeof end === "string" ? 0 : 128 + end.signal;
}
