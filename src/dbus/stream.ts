import { once } from "node:events";
import { connect, Socket } from "node:net";
import type { Duplex } from "node:stream";

export async function openPlain(path: string): Promise<Duplex> {
  const stream = connect(path);
  await connected(stream, "connect");
  return stream;
}

/** A socket that is connected already; it is closed with the stream. */
export function adoptSocket(fd: number): Duplex {
  return new Socket({ fd, readable: true, writable: true });
}

/** One that can receive descriptors, which takes a native module, loaded only for that. */
export async function openReceiving(path: string): Promise<Duplex> {
  const { USocket } = (await import("usocket")).default;
  const stream = new USocket({ path });
  keepUntilClosed(stream);
  await connected(stream, "connected");
  return stream;
}

const HANDLE = "_wrap";

/** usocket frees the memory of its handle as soon as nothing refers to it, though libuv still looks at it in its next round. */
function keepUntilClosed(stream: Duplex & { readonly [HANDLE]?: unknown }): void {
  const destroy = stream.destroy.bind(stream);
  stream.destroy = (error) => {
    const kept = { handle: stream[HANDLE] };
    setTimeout(() => (kept.handle = undefined), 50);
    return destroy(error);
  };
}

async function connected(stream: Duplex, event: string): Promise<void> {
  try {
    await once(stream, event);
  } catch (error) {
    stream.destroy();
    throw error;
  }
}
