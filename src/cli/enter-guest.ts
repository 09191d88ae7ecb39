import type { EnterRequest } from "../systemd/enter-request.ts";
import { becomeProgram } from "./become-program.ts";
import type { Context } from "./context.ts";

export interface EnterGuest {
  /** Of vsock(7). */
  readonly cid: number;
  /** For messages. */
  readonly label: string;
  readonly request: Omit<EnterRequest, "leader" | "stdio" | "terminal" | "onStart" | "environment">;
}

/** Becomes what speaks with a virtual machine, whose PID 1 runs the command: nothing of Node stays. */
export function enterGuest(context: Context, { cid, label, request }: EnterGuest): number {
  const { unit, appUnit, user, group, supplementaryGroups, workingDirectory, searchPath, argv } = request;
  const texts = [unit, appUnit, user, group, supplementaryGroups.join(" "), workingDirectory, searchPath.join(":")];
  return becomeProgram(["/usr/lib/rkt/guest", "enter", String(cid), label, ...texts, "--", ...argv], context.host.env);
}
