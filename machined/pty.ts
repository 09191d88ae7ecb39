import { SYSTEM_BUS } from "../src/dbus/address.ts";
import { connectBus } from "../src/dbus/connect.ts";
import { MACHINED, MANAGER, MANAGER_PATH } from "./names.ts";

export interface MachinePty {
  /** The terminal's master side, open in this process. */
  readonly fd: number;
  /** Its other side as the machine sees it: "/dev/pts/3". */
  readonly path: string;
}

/** On a connection of its own: one that does not pass descriptors never answers this call. */
export async function openPty(name: string): Promise<MachinePty> {
  const bus = await connectBus(SYSTEM_BUS, { hello: true, receivesDescriptors: true });
  try {
    const call = { destination: MACHINED, path: MANAGER_PATH, interface: MANAGER, member: "OpenMachinePTY" };
    const [fd, path] = await bus.call({ ...call, signature: "s", body: [name], reply: "hs" });
    return { fd: Number(fd), path: String(path) };
  } finally {
    bus.close();
  }
}
