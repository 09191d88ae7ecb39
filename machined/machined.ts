import { messageOf, RktError } from "../src/base/error.ts";
import { quoteText } from "../src/base/escape.ts";
import type { Bus } from "../src/dbus/bus.ts";
import { isDbusError } from "../src/dbus/error.ts";
import { type MachineAddress, readAddresses } from "./addresses.ts";
import { MACHINED, MANAGER, MANAGER_PATH, NO_REPLY, NO_SUCH_MACHINE } from "./names.ts";
import { type MachineProperties, readProperties } from "./properties.ts";
import { type MachinePty, openPty } from "./pty.ts";
import { type Registration, register } from "./register.ts";
import { waitRemoved } from "./wait-removed.ts";

/** systemd-machined. A machine that it does not know is undefined or false, never an error. */
export interface Machined {
  /** The machine's object path. */
  get(name: string): Promise<string | undefined>;
  list(): Promise<readonly MachineEntry[]>;
  properties(name: string): Promise<MachineProperties | undefined>;
  /** Addresses in the machine's own network namespace; empty where it shares the host's. */
  addresses(name: string): Promise<readonly MachineAddress[]>;
  /** Makes a machine known that runs already in the unit of its leader. Resolves with its object path. */
  register(machine: Registration): Promise<string>;
  /** Stops the machine's unit, as "machinectl terminate" does. False where there was none. */
  terminate(name: string): Promise<boolean>;
  /** A pseudo terminal made inside the machine; its descriptor belongs to the caller. */
  openPty(name: string): Promise<MachinePty>;
  /** Waits until the machine is gone; false when the time is over. A machined that exits or restarts meanwhile does not matter. */
  waitRemoved(name: string, timeoutMs: number): Promise<boolean>;
}

export interface MachineEntry {
  readonly name: string;
  /** "container", "vm" or "host". */
  readonly class: string;
  readonly service: string;
}

/** Uses a connection to the system bus, which stays the caller's. */
export function openMachined(bus: Bus): Machined {
  return {
    get: (name) => tried("find", name, getMachine(bus, name)),
    list: () => tried("list", "all", listMachines(bus)),
    properties: (name) =>
      tried(
        "read the properties of",
        name,
        getMachine(bus, name).then((path) => (path === undefined ? undefined : readProperties(bus, path))),
      ),
    addresses: (name) => tried("read the addresses of", name, readAddresses(bus, name)),
    register: (machine) => tried("register", machine.name, register(bus, machine)),
    terminate: (name) => tried("terminate", name, terminate(bus, name)),
    openPty: (name) => tried("open a terminal in", name, openPty(name)),
    waitRemoved: (name, timeoutMs) =>
      tried("wait for the end of", name, waitRemoved(bus, timeoutMs, { name, isThere: () => isThere(bus, name) })),
  };
}

async function isThere(bus: Bus, name: string): Promise<boolean> {
  return (await getMachine(bus, name)) !== undefined;
}

async function getMachine(bus: Bus, name: string): Promise<string | undefined> {
  const ask = () => unlessGone(callMachined(bus, "GetMachine", name, "o"));
  // machined ends when it is idle, and may do so with our question in hand; the next one starts it again.
  const reply = await ask().catch((error: unknown) => (isDbusError(error, NO_REPLY) ? ask() : Promise.reject(error)));
  const path = reply?.[0];
  return typeof path === "string" ? path : undefined;
}

async function listMachines(bus: Bus): Promise<MachineEntry[]> {
  const call = { destination: MACHINED, path: MANAGER_PATH, interface: MANAGER, member: "ListMachines", reply: "a(ssso)" };
  const [rows] = await bus.call(call);
  return (rows as [string, string, string, string][]).map(([name, kind, service]) => ({ name, class: kind, service }));
}

async function terminate(bus: Bus, name: string): Promise<boolean> {
  return (await unlessGone(callMachined(bus, "TerminateMachine", name, ""))) !== undefined;
}

function callMachined(bus: Bus, member: string, name: string, reply: string): Promise<unknown[]> {
  return bus.call({ destination: MACHINED, path: MANAGER_PATH, interface: MANAGER, member, signature: "s", body: [name], reply });
}

async function unlessGone<T>(reply: Promise<T>): Promise<T | undefined> {
  try {
    return await reply;
  } catch (error) {
    if (isDbusError(error, NO_SUCH_MACHINE)) return undefined;
    throw error;
  }
}

async function tried<T>(action: string, name: string, promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    const reason = error instanceof RktError && error.cause instanceof Error ? error.cause.message : messageOf(error);
    const code = error instanceof RktError ? error.code : "machined";
    throw new RktError(code, `Cannot ${action} machine ${quoteText(name)}: ${reason}`, { cause: error });
  }
}
