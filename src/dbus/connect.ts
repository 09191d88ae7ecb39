import { messageOf } from "../base/error.ts";
import { parseAddress } from "./address.ts";
import type { Bus } from "./bus.ts";
import { openConnection } from "./connection.ts";
import { createBus } from "./create-bus.ts";
import { connectError } from "./error.ts";
import { loadLibrary } from "./library.ts";
import { adoptSocket, openPlain, openReceiving } from "./stream.ts";

export interface ConnectOptions {
  /** Is there a bus at this address? False for PID 1's private socket. */
  readonly hello: boolean;
  /**
   * Can replies carry descriptors? Those of neighbouring messages get mixed, so such a connection carries one call at a time
   * and no match: open it for the calls that need it, and close it.
   */
  readonly receivesDescriptors?: boolean;
  /** For the handshake. Default 25 s. */
  readonly timeoutMs?: number;
}

export interface AdoptOptions {
  /** How errors call the other side. */
  readonly name: string;
  /** Makes it possible to pass descriptors to the other side: sends them with these bytes, returns how many bytes were taken. */
  readonly sendDescriptors?: (socket: number, data: Buffer, descriptors: readonly number[]) => number;
}

const HANDSHAKE_TIMEOUT = 25_000;

/** Connects to an address, `unix:path=…`; throws `dbus-connect`. dbus-next is loaded here and not before. */
export async function connectBus(address: string, options: ConnectOptions): Promise<Bus> {
  const path = parseAddress(address);
  const receives = options.receivesDescriptors ?? false;
  return await named(address, async () => {
    const library = await loadLibrary();
    const stream = await (receives ? openReceiving(path) : openPlain(path));
    const connection = await openConnection(stream, library, { timeoutMs: options.timeoutMs ?? HANDSHAKE_TIMEOUT, descriptors: receives });
    const bus = createBus(connection, library, { name: address, hasNames: options.hello, receives });
    return options.hello ? await sayHello(bus) : bus;
  });
}

/** A peer without a bus, over a socket that is connected already, and is closed with the connection. */
export async function adoptPeer(fd: number, options: AdoptOptions): Promise<Bus> {
  const { name, sendDescriptors } = options;
  return await named(name, async () => {
    const stream = adoptSocket(fd);
    const library = await loadLibrary();
    const sender = sendDescriptors && ((data: Buffer, descriptors: readonly number[]) => sendDescriptors(fd, data, descriptors));
    const facts = { timeoutMs: HANDSHAKE_TIMEOUT, descriptors: sender !== undefined, ...(sender && { sender }) };
    return createBus(await openConnection(stream, library, facts), library, { name, hasNames: false, receives: false });
  });
}

async function named(name: string, connect: () => Promise<Bus>): Promise<Bus> {
  try {
    return await connect();
  } catch (error) {
    throw connectError(name, messageOf(error), error);
  }
}

async function sayHello(bus: Bus): Promise<Bus> {
  const name = "org.freedesktop.DBus";
  try {
    await bus.call({ destination: name, path: "/org/freedesktop/DBus", interface: name, member: "Hello", reply: "s" });
    return bus;
  } catch (error) {
    bus.close();
    throw error;
  }
}
