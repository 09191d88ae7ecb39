import type { EnginePlan, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import type { PodDeclaration } from "../spec/declaration.ts";
import { quoteArgv } from "../unit/quote.ts";
import { engineCommand } from "./engine-command.ts";
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

function unitLines({ declaration, pod, sockets }: DropInInput): EntryInput[] {
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
  const limits = declaration.service.filter(isStartLimit);
  return [...lines, ...asInputs(limits), ...asInputs(declaration.unit)];
}

function serviceLines({ declaration, pod, plan, dirs, sockets }: DropInInput): EntryInput[] {
  const { generation } = pod.paths;
  return [
    ["SyslogIdentifier", `rkt-pod@${declaration.name}`],
    ["LogExtraFields", [`RKT_POD_UUID=${pod.uuid}`, `RKT_POD_NAME=${declaration.name}`]],
    ["TimeoutStopSec", `${Math.ceil(plan.stopTimeoutUsec / 1e6)}s`, "The apps' stop times along their order, and a margin"],
    ...plan.service,
    ...(sockets.length === 0 ? [] : ([["Sockets", sockets.join(" ")]] as const)),
    [
      "ExecStartPre",
      quoteArgv(["/bin/sh", `${generation}/start`]),
      "Looks for the verdict on exactly this generation, then makes a clean writable layer",
    ],
    ["ExecStart", "", "The template's line says that the pod is not applied"],
    [
      "ExecStart",
      quoteArgv(engineCommand(plan, dirs, pod.uuid)),
      plan.liveness === undefined ? "The engine holds the lock: that is how rkt knows that the pod runs" : "It becomes the app",
    ],
    ["ExecStopPost", `-${quoteArgv(["/bin/sh", `${generation}/stop`])}`, "Records how the run ended and puts the writable layer aside"],
    ...asInputs(declaration.service.filter((entry) => !isStartLimit(entry))),
  ];
}

/** Accepted in [Service] for the users' sake; systemd wants them in [Unit]. */
function isStartLimit(entry: UnitEntry): boolean {
  return entry.key.startsWith("StartLimit");
}

function asInputs(entries: readonly UnitEntry[]): EntryInput[] {
  return entries.map((entry) => [entry.key, entry.value]);
}
