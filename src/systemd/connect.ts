import { SYSTEM_BUS, SYSTEMD_PRIVATE } from "../dbus/address.ts";
import type { Bus } from "../dbus/bus.ts";
import { connectBus } from "../dbus/connect.ts";
import type { Host } from "../host/host.ts";

/**
 * A connection that reaches PID 1: the system bus, and where none runs (early at boot, or while it is broken) PID 1's own
 * socket, which only root may use and where nobody but PID 1 can be called.
 */
export async function connectSystem(host: Host): Promise<Bus> {
  try {
    return await connectBus(SYSTEM_BUS, { hello: true });
  } catch (error) {
    if (host.uid !== 0) throw error;
    return await connectBus(SYSTEMD_PRIVATE, { hello: false }).catch(() => Promise.reject(error));
  }
}

/** PID 1 alone, by its own socket; root only. */
export async function connectPid1(): Promise<Bus> {
  return await connectBus(SYSTEMD_PRIVATE, { hello: false });
}
