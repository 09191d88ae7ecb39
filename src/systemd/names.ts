import { escapeLabel } from "../dbus/address.ts";
import type { Bus } from "../dbus/bus.ts";

/** Names of org.freedesktop.systemd1(5). */
export const SYSTEMD = "org.freedesktop.systemd1";
export const MANAGER_PATH = "/org/freedesktop/systemd1";
export const MANAGER = "org.freedesktop.systemd1.Manager";
export const UNIT = "org.freedesktop.systemd1.Unit";
export const PROPERTIES = "org.freedesktop.DBus.Properties";

/** Object of a unit. Any access to it loads the unit where it is not loaded. */
export function unitPath(name: string): string {
  return `${MANAGER_PATH}/unit/${escapeLabel(name)}`;
}

/** Interface that holds the properties of a unit's kind: `…systemd1.Service`. */
export function kindInterface(name: string): string {
  const kind = name.slice(name.lastIndexOf(".") + 1);
  return `${SYSTEMD}.${kind.charAt(0).toUpperCase()}${kind.slice(1)}`;
}

export interface ManagerCall {
  readonly signature?: string;
  readonly body?: readonly unknown[];
  readonly reply?: string;
  readonly timeoutMs?: number;
}

export function callManager(bus: Bus, member: string, call: ManagerCall = {}): Promise<unknown[]> {
  return bus.call({ destination: SYSTEMD, path: MANAGER_PATH, interface: MANAGER, member, ...call });
}

export async function getProperty(bus: Bus, path: string, property: readonly [face: string, name: string]): Promise<unknown> {
  const call = { destination: SYSTEMD, path, interface: PROPERTIES, member: "Get", signature: "ss", body: property, reply: "v" };
  const [value] = await bus.call(call);
  return value;
}
