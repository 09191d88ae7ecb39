import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcName } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { terminalDirectory } from "./terminal-names.ts";

/**
 * A descriptor, connected to the program that keeps an app's terminal in a pod, given the pod's PID 1 as the host numbers it. Root only.
 * The pod may have put a link here that leads to a socket of the host's: so none is followed.
 */
export function connectTerminal(host: Host, leader: number, app: AcName): number {
  const where = `Cannot attach to app ${quoteText(app)}`;
  try {
    const socket = host.files.openWithin(`/proc/${leader}/root`, `${terminalDirectory(app).slice(1)}/socket`);
    try {
      if (socket.type !== "socket") throw new Error("the socket's place in the pod holds something else");
      return host.sockets.connectInside(leader, socket.path);
    } finally {
      socket.close();
    }
  } catch (error) {
    if (errno(error) === "ENOENT") throw new RktError("attach-ended", `${where}: it does not run`, { cause: error });
    throw new RktError("attach-refused", `${where}: ${messageOf(error)}`, { cause: error });
  }
}
