import type { Sockets } from "./host.ts";
import { checkResult, type NativeCalls } from "./native.ts";

export function createSockets(native: () => NativeCalls): Sockets {
  return {
    connectInside: (process, path) => checkResult(native().connectInside(process, Buffer.from(path)), "connect", path),
    sendDescriptors: (socket, data, descriptors) => {
      const numbers = Buffer.from(Int32Array.from(descriptors).buffer);
      return checkResult(native().sendDescriptors(socket, data, numbers), "sendmsg");
    },
  };
}
