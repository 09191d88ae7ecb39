import { becomeProgram } from "./become-program.ts";
import type { Context, Output } from "./context.ts";

export interface EnterProcess {
  /** What the app's root was made from. */
  readonly spec: string;
  /** The app's main process. */
  readonly pid: number;
  readonly argv: readonly string[];
  /** Instead of the app's own. */
  readonly ids?: { readonly user: string; readonly group: string; readonly supplementaryGroups: readonly string[] };
}

/** systemd-run 257 would rename the terminal's window and colour it. */
const undecorated = ["SYSTEMD_ADJUST_TERMINAL_TITLE=0", "SYSTEMD_TINT_BACKGROUND=0"];

/**
 * Becomes a command beside an app that has no systemd of its own: in its mount namespace, root and control group. Whoever holds a terminal
 * can type into it: so a command with a terminal gets one of PID 1's making, and any other a session without one.
 */
export function enterProcess(context: Context, { spec, pid, argv, ids }: EnterProcess): number {
  const { stdin, stdout } = context.isTerminal;
  const terminal = stdin && stdout;
  const command = [
    "/usr/lib/rkt/fly",
    terminal ? `enter-terminal${sizeOf(context.stdout)}` : "enter",
    spec,
    String(pid),
    ids?.user ?? "-",
    ids === undefined ? "-" : [ids.group, ...ids.supplementaryGroups].join(","),
    "--",
    ...argv,
  ];
  if (!terminal) return becomeProgram(command, context.host.env);
  const program = ["/usr/bin/systemd-run", "--quiet", "--collect", "--wait", "--pty", "--service-type=exec"];
  return becomeProgram(["/usr/bin/env", ...undecorated, ...program, "--", ...command], context.host.env);
}

/** systemd-run sets the size of the terminal's window when the command runs already. */
function sizeOf({ rows = 0, columns = 0 }: Output): string {
  return rows > 0 && columns > 0 ? `:${rows}x${columns}` : "";
}
