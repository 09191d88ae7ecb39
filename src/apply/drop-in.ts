import type { EnginePlan, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import type { PodDeclaration } from "../spec/declaration.ts";
import { quoteText } from "../base/escape.ts";
import { problemAt } from "../spec/report.ts";
import { quoteArgv } from "../unit/quote.ts";
import { engineCommand, hostCommand, startLine, stopLine, stopLines, withResult } from "./engine-command.ts";
import type { EntryInput, UnitEntry, UnitFile } from "../unit/unit-file.ts";
import { unitFile } from "../unit/unit-file.ts";

export interface DropInInput {
  readonly declaration: PodDeclaration;
  readonly pod: PodDescription;
  readonly plan: EnginePlan;
  readonly dirs: PodDirectories;
  /** Units of the pod's sockets. */
  readonly sockets: readonly string[];
  readonly comments: readonly string[];
}

/**
 * `50-rkt.conf`, the part of `rkt-pod@NAME.service` that belongs to one pod. What the user wrote comes after our lines, so it wins
 * where systemd takes the last value; the keys where that would break the pod are not accepted in [Service].
 */
export function composeDropIn(input: DropInInput): UnitFile {
  return unitFile({ Unit: unitLines(input), Service: serviceLines(input), Install: asInputs(input.declaration.install) }, input.comments);
}

function unitLines({ declaration, pod, plan, sockets }: DropInInput): EntryInput[] {
  const [path = ""] = declaration.paths;
  const lines: EntryInput[] = [
    ["Description", `rkt pod ${declaration.name} (${pod.uuid})`],
    ["SourcePath", path.replaceAll("%", "%%")],
  ];
  if (sockets.length > 0) {
    lines.push(
      [
        "StartLimitIntervalSec",
        "10s",
        "An app that exits when idle is started again by the next connection, often; failures are counted by the line after each run",
      ],
      ["StartLimitBurst", "100"],
    );
  }
  if (plan.proxied !== undefined && sockets.length > 0)
    lines.push(["Wants", sockets.join(" "), "Proxies carry the connections"], ["After", sockets.join(" ")]);
  const limits = declaration.service.filter(isStartLimit);
  return [...lines, ...(plan.unit ?? []), ...asInputs(limits), ...asInputs(declaration.unit)];
}

function serviceLines(input: DropInInput): EntryInput[] {
  const { declaration, pod, plan, sockets } = input;
  return [
    ["SyslogIdentifier", `rkt-pod@${declaration.name}`],
    ["LogExtraFields", [`RKT_POD_UUID=${pod.uuid}`, `RKT_POD_NAME=${declaration.name}`]],
    ["TimeoutStopSec", `${Math.ceil(plan.stopTimeoutUsec / 1e6)}s`, "The apps' stop times along their order, and a margin"],
    ...plan.service,
    ...(sockets.length === 0 || plan.proxied !== undefined ? [] : ([["Sockets", sockets.join(" ")]] as const)),
    ...startLines(input),
    ...endLines(input),
  ];
}

/** What the user wrote is between them where both are ours. */
function endLines({ declaration, pod, plan }: DropInInput): EntryInput[] {
  const own = declaration.service.filter((entry) => !isStartLimit(entry)).map((entry) => onHost(entry, pod, plan));
  const records = "Records how the run ended and puts the writable layer aside";
  if (!own.some(([key]) => key === "ExecStopPost")) return [["ExecStopPost", stopLine(pod, plan), records], ...own];
  const { first, last } = stopLines(pod, plan);
  return [
    ["ExecStopPost", first, records],
    ...own,
    ...(last === undefined ? [] : ([["ExecStopPost", last, "The apps' result is the unit's"]] as const)),
  ];
}

function onHost(entry: UnitEntry, pod: PodDescription, plan: EnginePlan): readonly [string, string] {
  if (plan.outside === undefined || !/^Exec[A-Z]/.test(entry.key)) return [entry.key, entry.value];
  const recorded = entry.key === "ExecStopPost" && plan.result !== undefined ? withResult(pod) : [];
  const command = hostCommand(entry.value, [...plan.outside, ...recorded]);
  if (command !== undefined) return [entry.key, command];
  throw problemAt(
    { path: entry.path ?? "", line: entry.line ?? 1 },
    `Cannot execute ${quoteText(entry.value)} for a pod in a virtual machine`,
    `Write a line for each command, without "@" and "|" in front`,
  );
}

/**
 * One line, since each costs a start several milliseconds: the script becomes the engine. Two where the user has lines of ExecStartPre=,
 * which find the pod's directories and network made, and do not run without a verdict; and where the unit shuts the engine in.
 */
function startLines({ declaration, pod, plan, dirs }: DropInInput): EntryInput[] {
  const start = ["/bin/sh", `${pod.paths.generation}/start`];
  const engine = engineCommand(plan, dirs, pod.uuid);
  const checks = "Looks for the verdict on exactly this generation, makes a clean writable layer";
  const reset: EntryInput = ["ExecStart", "", "The template's line says that the pod is not applied"];
  if (plan.outside !== undefined || declaration.service.some((entry) => entry.key === "ExecStartPre"))
    return [["ExecStartPre", startLine(pod, plan), checks], reset, ["ExecStart", quoteArgv(engine), `Becomes ${mainProcess(plan)}`]];
  return [reset, ["ExecStart", quoteArgv([...start, ...engine]), `${checks} and becomes ${mainProcess(plan)}`]];
}

function mainProcess({ liveness }: EnginePlan): string {
  if (liveness === undefined) return "the engine, which holds the lock: that is how rkt knows that the pod runs";
  return liveness === "cgroup" ? "the app" : "the hypervisor; the pod's lock is held by the unit of its machine";
}

/** Accepted in [Service] for the users' sake; systemd wants them in [Unit]. */
function isStartLimit(entry: UnitEntry): boolean {
  return entry.key.startsWith("StartLimit");
}

function asInputs(entries: readonly UnitEntry[]): EntryInput[] {
  return entries.map((entry) => [entry.key, entry.value]);
}
