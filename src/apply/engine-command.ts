import type { Uuid } from "../base/id.ts";
import { withOwnNamespace } from "../net/script.ts";
import type { EnginePlan, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { lockPath } from "../pod/paths.ts";
import { quoteArgv } from "../unit/quote.ts";

/** Seconds that a start waits for the run before it to let go of the pod. */
const lockWait = "10";

/** What becomes the main process of a pod's unit: the engine, behind the pod's lock where it holds one. */
export function engineCommand(plan: EnginePlan, dirs: PodDirectories, uuid: Uuid): readonly string[] {
  if (plan.liveness !== undefined) return plan.argv;
  return ["/usr/bin/flock", "--wait", lockWait, "--no-fork", lockPath(dirs, uuid), ...plan.argv];
}

/** ExecStartPre= of a pod whose engine the unit shuts in: sees the host, and the network namespace that systemd has made for the unit. */
export function startLine(pod: PodDescription, plan: EnginePlan): string {
  const start = ["/bin/sh", `${pod.paths.generation}/start`];
  if (plan.outside === undefined) return quoteArgv(start);
  const argv = [...plan.outside, ...start];
  return `+${quoteArgv(plan.taps !== undefined && pod.network.kind === "namespace" ? withOwnNamespace(argv) : argv)}`;
}

/** ExecStopPost=. Where it ends with the pod's result, that is the unit's; it is the last line then, since systemd executes none behind it. */
export function stopLine(pod: PodDescription, plan: EnginePlan): string {
  return `${plan.result === undefined ? "-" : ""}${stopCommand(pod, plan)}`;
}

/** The same with lines of the user's in between: what is recorded and cleared, and what the unit's result is. */
export function stopLines(pod: PodDescription, plan: EnginePlan): { readonly first: string; readonly last: string | undefined } {
  return { first: `-${stopCommand(pod, plan)}`, last: plan.result === undefined ? undefined : stopCommand(pod, plan, "result") };
}

/** Executes a command with what was recorded of the run in its variables: the engine's own result says nothing of the apps. */
export function withResult({ paths }: PodDescription): readonly string[] {
  return ["/bin/sh", `${paths.generation}/stop`, "with"];
}

function stopCommand({ paths }: PodDescription, { outside }: EnginePlan, ...words: readonly string[]): string {
  const stop = ["/bin/sh", `${paths.generation}/stop`, ...words];
  return outside === undefined ? quoteArgv(stop) : `+${quoteArgv([...outside, ...stop])}`;
}

/**
 * A command of the user's in the unit of an engine that is shut in, Exec…=VALUE: with the host's root and all privileges, as in other units.
 * Undefined for what cannot be said so: several commands, and `@` or `|` in front.
 */
export function hostCommand(value: string, outside: readonly string[]): string | undefined {
  if (value === "") return value;
  const [, prefix = "", command = ""] = /^([-+!:@|]*)[ \t]*(.*)$/s.exec(value) ?? [];
  if (/[@|]/.test(prefix) || /(^|\s);(\s|$)/.test(command)) return undefined;
  return `${prefix.replaceAll(/[+!]/g, "")}+${quoteArgv(outside)} ${command}`;
}
