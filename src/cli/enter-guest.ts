import type { EnterRequest } from "../systemd/enter-request.ts";
import { becomeProgram } from "./become-program.ts";
import type { Context } from "./context.ts";

export interface EnterGuest {
  /** Of vsock(7). */
  readonly cid: number;
  /** Of the guest, which lets nobody in who does not know it. */
  readonly bootId: string;
  /** For messages. */
  readonly label: string;
  readonly request: Omit<EnterRequest, "leader" | "stdio" | "terminal" | "onStart" | "environment">;
}

/** Becomes what speaks with a virtual machine, whose PID 1 runs the command: nothing of Node stays. */
export function enterGuest(context: Context, { cid, bootId, label, request }: EnterGuest): number {
  const { unit, appUnit, user, group, supplementaryGroups, workingDirectory, searchPath, argv } = request;
  const texts = [unit, appUnit, user, group, supplementaryGroups.join(" "), workingDirectory, searchPath.join(":")];
  return becomeProgram(["/usr/lib/rkt/guest", "enter", String(cid), label, bootId, ...texts, "--", ...argv], context.host.env);
}
