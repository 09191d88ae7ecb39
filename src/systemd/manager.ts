import { messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Bus } from "../dbus/bus.ts";
import { isDbusError } from "../dbus/error.ts";
import { waitSignal } from "../dbus/wait.ts";
import { type JobOptions, type JobResult, runJob, subscribe } from "./jobs.ts";
import { callManager, getProperty, kindInterface, PROPERTIES, SYSTEMD, UNIT, unitPath } from "./names.ts";
import type { UnitProperties } from "./properties.ts";
import { readUnitState, textOf, type UnitState } from "./unit-state.ts";

/** PID 1, of the host or of a pod. Errors say what could not be done with which unit; `isDbusError` tells them apart. */
export interface Manager {
  unitState(name: string): Promise<UnitState>;
  /** Does PID 1 still hold an older text of this unit than the disk does? False for a unit that is not loaded. */
  needsReload(name: string): Promise<boolean>;
  /** The drop-in files that PID 1 has read for a unit. */
  dropIns(name: string): Promise<readonly string[]>;
  /** Names of the loaded units that match a pattern (glob(7)). */
  loadedUnits(pattern: string): Promise<readonly string[]>;
  /** Reads all units anew. Takes half a second on a busy host: ask `needsReload` first. */
  reload(): Promise<void>;
  startUnit(name: string, options?: JobOptions): Promise<JobResult>;
  stopUnit(name: string, options?: JobOptions): Promise<JobResult>;
  /** Sends a signal by number to the processes of a unit: "main", "control" or "all". */
  killUnit(name: string, who: string, signal: number): Promise<void>;
  /** Forgets that a unit failed; a unit that is not loaded is fine. */
  resetFailed(name: string): Promise<void>;
  /** Links as [Install] says; a reload may be needed afterwards. Returns what changed. */
  enableUnits(names: readonly string[]): Promise<readonly FileChange[]>;
  /** Removes the links. Units without any are fine. */
  disableUnits(names: readonly string[]): Promise<readonly FileChange[]>;
  /** Starts a unit that has no file; resolves when its start job ended. */
  startTransient(name: string, properties: UnitProperties, options?: JobOptions): Promise<JobResult>;
  /** Name of the unit that a process belongs to; undefined when it belongs to none. */
  unitByPid(pid: number): Promise<string | undefined>;
  /** Waits until the unit is neither active nor on its way to or from it; false when the time is over. */
  waitStopped(name: string, timeoutMs?: number): Promise<boolean>;
  /** Waits until the unit is active; false when it has failed, or ended before it was active, or never is; undefined when the time is over. */
  waitActive(name: string, timeoutMs?: number): Promise<boolean | undefined>;
  close(): void;
}

/** One link made or removed: "symlink" or "unlink", path, target. */
export type FileChange = readonly [type: string, path: string, target: string];

const RELOAD_TIMEOUT = 90_000;

/** The manager behind a connection, which it closes with itself. */
export function openManager(bus: Bus): Manager {
  return {
    unitState: (name) => wrapped("read the state of unit", name, readUnitState(bus, name)),
    needsReload: (name) => wrapped("read the state of unit", name, needsReload(bus, name)),
    dropIns: (name) => wrapped("read the drop-ins of unit", name, dropIns(bus, name)),
    loadedUnits: (pattern) => wrapped("list the units", pattern, loadedUnits(bus, pattern)),
    reload: async () => void (await wrapped("reload the units of", "systemd", callManager(bus, "Reload", { timeoutMs: RELOAD_TIMEOUT }))),
    startUnit: (name, options) => wrapped("start unit", name, runJob(bus, "StartUnit", { ...options, ...unitCall(name) })),
    stopUnit: (name, options) => wrapped("stop unit", name, runJob(bus, "StopUnit", { ...options, ...unitCall(name) })),
    killUnit: async (name, who, signal) => {
      await wrapped("signal unit", name, callManager(bus, "KillUnit", { signature: "ssi", body: [name, who, signal] }));
    },
    resetFailed: (name) => wrapped("reset unit", name, resetFailed(bus, name)),
    enableUnits: (names) => wrapped("enable", names.join(" "), changeFiles(bus, "EnableUnitFiles", ["asbb", [names, false, false]])),
    disableUnits: (names) => wrapped("disable", names.join(" "), changeFiles(bus, "DisableUnitFiles", ["asb", [names, false]])),
    startTransient: (name, properties, options) => {
      const call = { signature: "ssa(sv)a(sa(sv))", body: [name, "fail", properties, []] };
      return wrapped("start unit", name, runJob(bus, "StartTransientUnit", { ...options, ...call }));
    },
    unitByPid: (pid) => wrapped("find the unit of process", String(pid), unitByPid(bus, pid)),
    waitStopped: (name, timeoutMs) =>
      wrapped("wait for unit", name, waitState(bus, name, { done: isStopped, timeoutMs })).then((state) => state !== undefined),
    waitActive: async (name, timeoutMs) => {
      const wait = { done: watchStart(), otherwise: () => findNeverActive(bus, name), timeoutMs };
      const state = await wrapped("wait for unit", name, waitState(bus, name, wait));
      return state === undefined ? undefined : state === "active";
    },
    close: () => bus.close(),
  };
}

function unitCall(name: string) {
  return { signature: "ss", body: [name, "replace"] };
}

async function wrapped<T>(action: string, name: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    const reason = error instanceof RktError && error.cause instanceof Error ? error.cause.message : messageOf(error);
    const code = error instanceof RktError ? error.code : "systemd";
    throw new RktError(code, `Cannot ${action} ${quoteText(name)}: ${reason}`, { cause: error });
  }
}

/** Whoever asks for a unit's state loads it, fresh from disk, where it was not loaded. */
async function needsReload(bus: Bus, name: string): Promise<boolean> {
  return (await getProperty(bus, unitPath(name), [UNIT, "NeedDaemonReload"])) === true;
}

async function dropIns(bus: Bus, name: string): Promise<string[]> {
  const paths = await getProperty(bus, unitPath(name), [UNIT, "DropInPaths"]);
  return Array.isArray(paths) ? paths.map(textOf) : [];
}

async function loadedUnits(bus: Bus, pattern: string): Promise<string[]> {
  const [units] = await callManager(bus, "ListUnitsByPatterns", { signature: "asas", body: [[], [pattern]] });
  return Array.isArray(units) ? units.map((unit: unknown) => textOf(Array.isArray(unit) ? unit[0] : undefined)) : [];
}

async function resetFailed(bus: Bus, name: string): Promise<void> {
  await callManager(bus, "ResetFailedUnit", { signature: "s", body: [name] }).catch((error: unknown) => {
    if (!isDbusError(error, "org.freedesktop.systemd1.NoSuchUnit")) throw error;
  });
}

async function changeFiles(bus: Bus, member: string, [signature, body]: readonly [string, readonly unknown[]]): Promise<FileChange[]> {
  const reply = await callManager(bus, member, { signature, body });
  const changes = reply.at(-1);
  return Array.isArray(changes) ? (changes as FileChange[]) : [];
}

async function unitByPid(bus: Bus, pid: number): Promise<string | undefined> {
  try {
    const [path] = await callManager(bus, "GetUnitByPID", { signature: "u", body: [pid], reply: "o" });
    return textOf(await getProperty(bus, textOf(path), [UNIT, "Id"]));
  } catch (error) {
    if (isDbusError(error, "org.freedesktop.systemd1.NoUnitForPID")) return undefined;
    throw error;
  }
}

interface StateWait {
  readonly done: (state: string) => boolean;
  /** Where the first state is none that is wanted: one that ends the wait all the same. */
  readonly otherwise?: () => Promise<string | undefined>;
  readonly timeoutMs: number | undefined;
}

function isStopped(state: string): boolean {
  return state === "inactive" || state === "failed";
}

/** Active, failed, or back from a start without either, as a service of Type=oneshot is; one that is inactive may yet be started. */
function watchStart(): (state: string) => boolean {
  let begun = false;
  return (state) => {
    const decided = state === "active" || state === "failed" || (begun && state === "inactive");
    begun ||= state === "activating";
    return decided;
  };
}

/** The state of a unit that is not about to be started, and that no start would make active. */
async function findNeverActive(bus: Bus, name: string): Promise<string | undefined> {
  const kind = kindInterface(name);
  const properties = [
    [UNIT, "ActiveState"],
    [UNIT, "Job"],
    [kind, "Type"],
    [kind, "RemainAfterExit"],
  ] as const;
  const [state, job, type, remains] = await Promise.all(properties.map((property) => getProperty(bus, unitPath(name), property)));
  const isIdle = state === "inactive" && Array.isArray(job) && job[0] === 0;
  return isIdle && type === "oneshot" && remains !== true ? state : undefined;
}

/** The first state that is wanted; undefined when the time is over. */
async function waitState(bus: Bus, name: string, { done, otherwise, timeoutMs }: StateWait): Promise<string | undefined> {
  const path = unitPath(name);
  const wanted = (state: unknown): string | undefined => (typeof state === "string" && done(state) ? state : undefined);
  const rule = { sender: SYSTEMD, path, interface: PROPERTIES, member: "PropertiesChanged" };
  return await waitSignal(bus, rule, {
    accept: ({ body: [, changed] }) => wanted((changed as Record<string, unknown> | undefined)?.["ActiveState"]),
    begin: async () => {
      await subscribe(bus);
      return wanted(await getProperty(bus, path, [UNIT, "ActiveState"])) ?? (await otherwise?.());
    },
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}
