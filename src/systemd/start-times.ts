import type { Bus } from "../dbus/bus.ts";
import { getProperty, kindInterface, UNIT, unitPath } from "./names.ts";
import { textOf } from "./unit-state.ts";

/** When the last start of a service came how far, in milliseconds since the epoch; absent: not yet, or PID 1 has forgotten. */
export interface StartTimes {
  /** systemd began with it. */
  readonly began?: number;
  /** It said that it is ready. Of a unit that says nothing PID 1 knows only that its program was executed: absent. */
  readonly ready?: number;
  /** Below /sys/fs/cgroup; empty where it has none. */
  readonly controlGroup: string;
}

export async function readStartTimes(bus: Bus, unit: string): Promise<StartTimes> {
  const path = unitPath(unit);
  const service = kindInterface(unit);
  const [began, active, type, group] = await Promise.all([
    getProperty(bus, path, [UNIT, "InactiveExitTimestamp"]),
    getProperty(bus, path, [UNIT, "ActiveEnterTimestamp"]),
    getProperty(bus, path, [service, "Type"]),
    getProperty(bus, path, [service, "ControlGroup"]),
  ]);
  const start = millisecondsOf(began);
  const since = (value: unknown): number | undefined => {
    const time = millisecondsOf(value);
    // What an earlier start left.
    return time === undefined || start === undefined || time < start ? undefined : time;
  };
  const ready = textOf(type).startsWith("notify") ? since(active) : undefined;
  return { ...defined("began", start), ...defined("ready", ready), controlGroup: textOf(group) };
}

/** Microseconds; 0 is never. */
function millisecondsOf(value: unknown): number | undefined {
  const time = typeof value === "bigint" || typeof value === "number" ? Number(value) / 1000 : 0;
  return time > 0 ? time : undefined;
}

function defined<Key extends string>(key: Key, value: number | undefined): { readonly [K in Key]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: number });
}
