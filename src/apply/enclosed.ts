import { quoteShell } from "../base/quote-shell.ts";
import type { EnginePlan, PlanFile, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import type { EntryInput } from "../unit/unit-file.ts";
import { quoteArgv } from "../unit/quote.ts";
import { serializeUnitFile, unitFile } from "../unit/unit-file.ts";
import { engineCommand, startLine } from "./engine-command.ts";

/** Where units that are not the administrator's get lines of ours, until the next boot. */
export function dropInDirectory(unit: string): string {
  return `/run/systemd/system/${unit}.d`;
}

export const dropInName = "90-rkt.conf";

/** Its presence in the pod's directory says that the unit's end is still to be recorded. */
export const runMark = "enclosed";

/**
 * Of a pod without a name whose engine a unit shuts in: a drop-in for a unit of its own (systemd 252 forgets commands with privileges that a
 * transient unit was given otherwise, once it reads its units again), one for a unit that is not ours, and the end of both.
 */
export function enclosedFiles(pod: PodDescription, plan: EnginePlan, dirs: PodDirectories): PlanFile[] {
  if (plan.alone === undefined) return [];
  const text = (path: string, content: string): PlanFile => ({ kind: "file", path, mode: 0o640, content });
  const dropIn = (sections: Parameters<typeof unitFile>[0]): string =>
    serializeUnitFile(unitFile(sections, [`Of rkt pod ${pod.uuid}, while it runs.`]));
  const own: EntryInput[] = [
    ...plan.service,
    ["ExecStartPre", startLine(pod, plan)],
    ["ExecStart", "", "The other one is for a unit without these lines"],
    ["ExecStart", quoteArgv(engineCommand(plan, dirs, pod.uuid))],
    endLine(pod, plan),
  ];
  return [
    text("own.conf", dropIn({ Unit: plan.unit ?? [], Service: own })),
    text("alone.conf", dropIn({ Service: [["SyslogLevelPrefix", "no"], ["ExecStop", plan.alone.stop], endLine(pod, plan)] })),
    text("end", endScript(pod)),
  ];
}

/** Systemd may know this line when the pod is gone, or its next run of the same unit is another pod's. */
function endLine({ paths }: PodDescription, { outside = [] }: EnginePlan): EntryInput {
  const end = quoteShell(`${paths.generation}/end`);
  return ["ExecStopPost", `+${quoteArgv([...outside, "/bin/sh", "-c", `[ ! -e ${end} ] || exec /bin/sh ${end}`])}`];
}

function endScript({ paths }: PodDescription): string {
  return [
    `# Made by "rkt run".`,
    `pod=${quoteShell(paths.pod)}`,
    `[ -e "$pod/${runMark}" ] || exit 0`,
    `rm -f "$pod/${runMark}"`,
    `lines=${dropInDirectory('$(cat "$pod/unit")')}`,
    `rm -f "$lines/${dropInName}"`,
    'rmdir "$lines" 2>/dev/null',
    `exec /bin/sh ${quoteShell(`${paths.generation}/stop`)}`,
    "",
  ].join("\n");
}
