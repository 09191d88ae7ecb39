import { RktError } from "../src/base/error.ts";
import type { Bus } from "../src/dbus/bus.ts";
import { MACHINED, MANAGER, MANAGER_PATH } from "./names.ts";

export interface Registration {
  readonly name: string;
  /** 32 hex digits. */
  readonly id: string;
  readonly service: string;
  readonly class: "container" | "vm";
  /** Must run in a unit: that unit becomes the machine's. */
  readonly leader: number;
  /** Empty where the machine has no root on this host. */
  readonly rootDirectory: string;
  readonly networkInterfaces: readonly number[];
}

/** From 258 on machined sends the registering process SIGTERM when the machine ends: register from one that exits. */
export async function register(bus: Bus, machine: Registration): Promise<string> {
  if (!/^[0-9a-f]{32}$/.test(machine.id)) throw new RktError("machine-id", "the id is not 32 hex digits");
  const [path] = await bus.call({
    destination: MACHINED,
    path: MANAGER_PATH,
    interface: MANAGER,
    member: "RegisterMachineWithNetwork",
    signature: "sayssusai",
    body: [
      machine.name,
      Buffer.from(machine.id, "hex"),
      machine.service,
      machine.class,
      machine.leader,
      machine.rootDirectory,
      machine.networkInterfaces,
    ],
    reply: "o",
  });
  return typeof path === "string" ? path : "";
}
