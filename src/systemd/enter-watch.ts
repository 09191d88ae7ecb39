import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Bus } from "../dbus/bus.ts";
import { MANAGER, MANAGER_PATH, PROPERTIES, SYSTEMD, unitPath } from "./names.ts";
import { numberOf, textOf } from "./unit-state.ts";

/** How the main process of a unit ended: `status` is its exit status, or the number of the signal. */
export interface UnitEnd {
  readonly code: "exited" | "killed" | "dumped";
  readonly status: number;
}

/**
 * Follows a unit that vanishes as soon as it has ended, by what PID 1 says of it on its private socket (where a unit cannot be
 * held): each change of a property is told before the unit goes.
 */
export interface TransientWatch {
  /** The result of a job, once it has ended. */
  jobEnd(path: string): Promise<string>;
  /** Resolves when the unit has ended, after its start job has. */
  end(): Promise<UnitEnd>;
  /** As far as it is known now; undefined where no process has ended. */
  seen(): UnitEnd | undefined;
  close(): void;
}

/** To be called before the unit is started. */
export async function watchTransient(bus: Bus, unit: string): Promise<TransientWatch> {
  const jobs = new Map<string, string>();
  const properties: Record<string, unknown> = {};
  const wakes = new Set<() => void>();
  const wake = (): void => [...wakes].forEach((one) => one());
  const signal = (path: string, face: string, member: string) => ({ sender: SYSTEMD, path, interface: face, member });

  const changes = await bus.match(signal(unitPath(unit), PROPERTIES, "PropertiesChanged"), ({ body: [, changed] }) => {
    Object.assign(properties, changed);
    wake();
  });
  const removals = await bus.match(signal(MANAGER_PATH, MANAGER, "JobRemoved"), ({ body: [, path, , result] }) => {
    jobs.set(textOf(path), textOf(result));
    wake();
  });

  function until<T>(ask: () => T | undefined): Promise<T> {
    const { promise, resolve, reject } = Promise.withResolvers<T>();
    const look = (): void => {
      try {
        const found = ask();
        if (found !== undefined) resolve(found);
      } catch (error) {
        reject(error);
      }
    };
    wakes.add(look);
    const forget = bus.onDeath(reject);
    look();
    return promise.finally(() => {
      wakes.delete(look);
      forget();
    });
  }

  const seen = (): UnitEnd | undefined => readEnd(properties);
  return {
    jobEnd: (path) => until(() => jobs.get(path)),
    end: () => until(() => (isOver(properties["ActiveState"]) ? (seen() ?? refuseUnknown(unit)) : undefined)),
    seen,
    close: () => [changes, removals].forEach((subscription) => subscription.close()),
  };
}

function isOver(state: unknown): boolean {
  return state === "inactive" || state === "failed";
}

const CODES: Readonly<Record<number, UnitEnd["code"]>> = { 1: "exited", 2: "killed", 3: "dumped" };

function readEnd(properties: Readonly<Record<string, unknown>>): UnitEnd | undefined {
  const code = CODES[numberOf(properties["ExecMainCode"])];
  return code && { code, status: numberOf(properties["ExecMainStatus"]) & 0xff };
}

function refuseUnknown(unit: string): never {
  throw new RktError("enter-lost", `Cannot tell how ${quoteText(unit)} ended: the pod's PID 1 did not say`);
}
