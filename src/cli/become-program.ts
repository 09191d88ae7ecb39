import { runInherited, writeInherited } from "../host/inherit.ts";
import { quoteForShell } from "./quote-for-shell.ts";

/** The pipe is only read when this process has ended: a plan must fit into it. */
const PLAN_LIMIT = 60_000;

/**
 * Becomes a program. Where the sh door (/usr/bin/rkt) waits, it gets the plan on the descriptor that RKT_PLAN_FD names and
 * becomes that program itself, with the caller's process id and descriptors; else the program runs as a child.
 */
export function becomeProgram(argv: readonly string[], env: Readonly<Record<string, string | undefined>>): number {
  const descriptor = /^[0-9]{1,3}$/.exec(env["RKT_PLAN_FD"] ?? "")?.[0];
  const { RKT_PLAN_FD: _, ...rest } = env;
  const plan = `${quoteForShell(argv)}\n`;
  if (descriptor === undefined || Buffer.byteLength(plan) > PLAN_LIMIT) return runInherited(argv, rest);
  writeInherited(Number(descriptor), plan);
  return 0;
}
