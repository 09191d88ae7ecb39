import type { Bus } from "../src/dbus/bus.ts";
import { waitSignal } from "../src/dbus/wait.ts";
import { MACHINED, MANAGER, MANAGER_PATH } from "./names.ts";

export interface AwaitedMachine {
  readonly name: string;
  readonly isThere: () => Promise<boolean>;
}

/**
 * machined exits when it is idle and may be restarted: then nobody says MachineRemoved. So it is asked again whenever
 * its name changes hands; that starts it.
 */
export async function waitRemoved(bus: Bus, timeoutMs: number, { name, isThere }: AwaitedMachine): Promise<boolean> {
  const gone = Promise.withResolvers<true | undefined>();
  gone.promise.catch(() => undefined);
  const check = async (): Promise<void> => void (!(await isThere()) && gone.resolve(true));
  const dbus = "org.freedesktop.DBus";
  const owners = await bus.match({ sender: dbus, interface: dbus, member: "NameOwnerChanged" }, ({ body }) => {
    if (body[0] === MACHINED) check().catch(gone.reject);
  });
  const rule = { sender: MACHINED, path: MANAGER_PATH, interface: MANAGER, member: "MachineRemoved" };
  try {
    const found = await waitSignal(bus, rule, {
      accept: ({ body }) => (body[0] === name ? true : undefined),
      begin: async () => {
        await check();
        return await gone.promise;
      },
      timeoutMs,
    });
    return found === true;
  } finally {
    owners.close();
  }
}
