import type { Bus } from "../src/dbus/bus.ts";
import { MACHINE, MACHINED } from "./names.ts";

export interface MachineProperties {
  readonly name: string;
  /** 32 hex digits; empty where it was registered without. */
  readonly id: string;
  /** "container", "vm" or "host". */
  readonly class: string;
  /** Who made it: "rkt". */
  readonly service: string;
  /** The unit that holds it, as PID 1 names it. */
  readonly unit: string;
  /** Its first process, seen from the host. */
  readonly leader: number;
  readonly rootDirectory: string;
  /** When it was registered, in milliseconds since the epoch. */
  readonly timestamp: number;
  /** "opening", "running" or "closing". */
  readonly state: string;
  /** Indices of its network interfaces on the host's side. */
  readonly networkInterfaces: readonly number[];
}

export async function readProperties(bus: Bus, path: string): Promise<MachineProperties> {
  const face = "org.freedesktop.DBus.Properties";
  const call = { destination: MACHINED, path, interface: face, member: "GetAll", signature: "s", body: [MACHINE], reply: "a{sv}" };
  const [values] = await bus.call(call);
  const all = values as Readonly<Record<string, unknown>>;
  const text = (name: string): string => (typeof all[name] === "string" ? all[name] : "");
  const id = all["Id"];
  const timestamp = all["Timestamp"];
  const interfaces = all["NetworkInterfaces"];
  return {
    name: text("Name"),
    id: Buffer.isBuffer(id) ? id.toString("hex") : "",
    class: text("Class"),
    service: text("Service"),
    unit: text("Unit"),
    leader: typeof all["Leader"] === "number" ? all["Leader"] : 0,
    rootDirectory: text("RootDirectory"),
    timestamp: typeof timestamp === "bigint" ? Number(timestamp / 1000n) : 0,
    state: text("State"),
    networkInterfaces: Array.isArray(interfaces) ? (interfaces as number[]) : [],
  };
}
