import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { moveAdHoc, writeLauncher } from "../pod/ad-hoc.ts";
import type { Phase } from "../pod/paths.ts";
import { adHocDirectory, runUnitOf } from "../pod/paths.ts";
import { variant } from "../dbus/value.ts";
import { execProperty, flagProperty, listProperty, textProperty } from "../systemd/properties.ts";
import type { ApplyContext } from "./context.ts";
import { dropInDirectory, dropInName, runMark } from "./enclosed.ts";
import type { AdHocPlan } from "./plan-ad-hoc.ts";
import { foreignArgv } from "./run-scripts.ts";

export interface Launch {
  /** The process that becomes the waiter or the engine. */
  readonly launcher: number;
  /** The unit whose main process the launcher is; undefined: the pod gets a unit of its own. */
  readonly foreignUnit: string | undefined;
}

/** The last step of a run: the pod moves to `run`; returns the program that the caller becomes. */
export async function launchAdHoc(context: ApplyContext, plan: AdHocPlan, phase: Phase, launch: Launch): Promise<readonly string[]> {
  const { host, dirs } = context;
  const { uuid } = plan.pod;
  const directory = adHocDirectory(dirs, phase, uuid);
  host.files.write(`${directory}/unit`, `${launch.foreignUnit ?? runUnitOf(uuid)}\n`, { mode: 0o640 });
  writeLauncher(host, directory, launch.launcher);
  host.files.syncFileSystem(directory);
  moveAdHoc(host, dirs, uuid, [phase, "run"]);
  if (plan.enclosed) await encloseUnit(context, plan, launch);
  if (launch.foreignUnit === undefined) return ["/bin/sh", `${plan.pod.paths.generation}/wait`];
  if (!plan.enclosed) await startCleaner(context, plan, launch.foreignUnit);
  return foreignArgv(plan.pod);
}

/** The service whose main process this is: the pod's engine shall be that. */
export async function findForeignUnit({ manager }: Pick<ApplyContext, "manager">, pid: number): Promise<string | undefined> {
  const unit = await manager?.unitByPid(pid);
  if (manager === undefined || unit === undefined || !unit.endsWith(".service")) return undefined;
  return (await manager.unitState(unit)).mainPid === pid ? unit : undefined;
}

/** Names of the credentials that systemd gave to the unit which this process is of (systemd.exec(5), "$CREDENTIALS_DIRECTORY"). */
export function listCredentials(host: Host): readonly string[] {
  const directory = host.env["CREDENTIALS_DIRECTORY"];
  return directory === undefined
    ? []
    : host.files
        .tryList(directory)
        .filter((name) => /^[A-Za-z0-9_.-]{1,255}$/.test(name))
        .toSorted();
}

/** Gives the unit the lines that the run needs. A unit that systemd does not know yet gets them as it is made. */
async function encloseUnit({ host, manager }: ApplyContext, { pod }: AdHocPlan, { foreignUnit }: Launch): Promise<void> {
  const directory = dropInDirectory(foreignUnit ?? runUnitOf(pod.uuid));
  const content = host.files.readText(`${pod.paths.generation}/${foreignUnit === undefined ? "own" : "alone"}.conf`);
  host.files.write(`${pod.paths.pod}/${runMark}`, "", { mode: 0o640 });
  host.files.mkdir(directory, { recursive: true, mode: 0o755 });
  host.files.write(`${directory}/${dropInName}`, content, { mode: 0o644 });
  if (foreignUnit !== undefined) await manager?.reload();
}

/** No process: it is stopped with the unit that it is bound to, and that stop is the clean-up. Not ordered after it, which may still be starting. */
async function startCleaner({ manager }: ApplyContext, plan: AdHocPlan, unit: string): Promise<void> {
  await manager?.startTransient(
    cleanUnitOf(plan.pod.uuid),
    [
      textProperty("Description", `Clean-up of rkt pod ${plan.pod.uuid}`),
      textProperty("Type", "oneshot"),
      textProperty("CollectMode", "inactive-or-failed"),
      flagProperty("RemainAfterExit", true),
      listProperty("BindsTo", [unit]),
      ["TimeoutStopUSec", variant("t", 120_000_000n)],
      execProperty("ExecStop", ["/bin/sh", `${plan.pod.paths.generation}/clean`]),
    ],
    { timeoutMs: 10_000 },
  );
}

export function cleanUnitOf(uuid: Uuid): string {
  return `rkt-clean-${uuid}.service`;
}
