import { SocketAddress } from "node:net";
import type { Bus } from "../src/dbus/bus.ts";
import { isDbusError } from "../src/dbus/error.ts";
import { MACHINED, MANAGER, MANAGER_PATH, NO_SUCH_MACHINE } from "./names.ts";

export interface MachineAddress {
  readonly family: "ipv4" | "ipv6";
  /** In the usual notation. */
  readonly address: string;
}

/** What machined says of a machine that has no network of its own. */
const NO_NETWORK = "org.freedesktop.machine1.NoPrivateNetworking";
const AF_INET = 2;

export async function readAddresses(bus: Bus, name: string): Promise<MachineAddress[]> {
  const call = { destination: MACHINED, path: MANAGER_PATH, interface: MANAGER, member: "GetMachineAddresses", reply: "a(iay)" };
  try {
    const [rows] = await bus.call({ ...call, signature: "s", body: [name] });
    return (rows as [number, Buffer][]).map(([family, bytes]) => formatAddress(family, bytes));
  } catch (error) {
    if (isDbusError(error, NO_SUCH_MACHINE) || isDbusError(error, NO_NETWORK)) return [];
    throw error;
  }
}

/** Exported for its test. */
export function formatAddress(family: number, bytes: Buffer): MachineAddress {
  if (family === AF_INET) return { family: "ipv4", address: [...bytes].join(".") };
  const address = bytes.toString("hex").match(/.{4}/g)?.join(":") ?? "";
  return { family: "ipv6", address: new SocketAddress({ family: "ipv6", address }).address };
}
