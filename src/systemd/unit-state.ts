import type { Bus } from "../dbus/bus.ts";
import { isDbusError } from "../dbus/error.ts";
import { getProperty, kindInterface, UNIT, unitPath } from "./names.ts";

/** What PID 1 knows of a unit, in its own words (org.freedesktop.systemd1(5)). */
export interface UnitState {
  /** "loaded", "not-found", "bad-setting", "masked", … */
  readonly loadState: string;
  /** "active", "inactive", "failed", "activating", "deactivating", "reloading". */
  readonly activeState: string;
  readonly subState: string;
  /** "enabled", "disabled", "static", …; empty where there is no unit file. */
  readonly unitFileState: string;
  readonly needDaemonReload: boolean;
  /** 32 hex digits of the present or last run; empty where there was none. */
  readonly invocationId: string;
  readonly fragmentPath: string;
  /** How the last run ended: "success", "exit-code", "signal", …; empty for kinds without a result. */
  readonly result: string;
  /** Services only, 0 otherwise. `execMainCode` is CLD_EXITED (1), CLD_KILLED (2) or CLD_DUMPED (3) of the ended process, 0 while it runs. */
  readonly mainPid: number;
  readonly execMainCode: number;
  readonly execMainStatus: number;
  /** Below the mount point of cgroup v2; empty where the unit has none. */
  readonly controlGroup: string;
}

/** A unit that nobody knows has `loadState` "not-found". */
export async function readUnitState(bus: Bus, name: string): Promise<UnitState> {
  const path = unitPath(name);
  const unit = async (property: string): Promise<unknown> => await getProperty(bus, path, [UNIT, property]);
  const kind = async (property: string): Promise<unknown> => await getKindProperty(bus, name, property);
  const [load, active, sub, file, reload, invocation, fragment, result, pid, code, status, group] = await Promise.all([
    ...["LoadState", "ActiveState", "SubState", "UnitFileState", "NeedDaemonReload", "InvocationID", "FragmentPath"].map(unit),
    ...["Result", "MainPID", "ExecMainCode", "ExecMainStatus", "ControlGroup"].map(kind),
  ]);
  return {
    loadState: textOf(load),
    activeState: textOf(active),
    subState: textOf(sub),
    unitFileState: textOf(file),
    needDaemonReload: reload === true,
    invocationId: Buffer.isBuffer(invocation) ? invocation.toString("hex") : "",
    fragmentPath: textOf(fragment),
    result: textOf(result),
    mainPid: numberOf(pid),
    execMainCode: numberOf(code),
    execMainStatus: numberOf(status),
    controlGroup: textOf(group),
  };
}

export function textOf(value: unknown): string {
  return typeof value === "string" ? value : "";
}

export function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

/** undefined where this kind of unit has no such property. */
async function getKindProperty(bus: Bus, name: string, property: string): Promise<unknown> {
  try {
    return await getProperty(bus, unitPath(name), [kindInterface(name), property]);
  } catch (error) {
    const missing = ["UnknownProperty", "UnknownInterface"].some((kind) => isDbusError(error, `org.freedesktop.DBus.Error.${kind}`));
    if (missing) return undefined;
    throw error;
  }
}
