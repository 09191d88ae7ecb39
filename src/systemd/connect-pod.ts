import { errno, messageOf, RktError } from "../base/error.ts";
import type { Bus } from "../dbus/bus.ts";
import { adoptPeer } from "../dbus/connect.ts";
import type { Host } from "../host/host.ts";

/** PID 1 of a pod, given its process number on the host, by the socket that it listens on inside. Descriptors may be passed. Root only. */
export async function connectPod(host: Host, leader: number): Promise<Bus> {
  const { sendDescriptors } = host.sockets;
  return await adoptPeer(openSocket(host, leader), { name: "the pod's PID 1", sendDescriptors });
}

/** The pod may have put a link here that leads to the host's own PID 1: so none is followed. */
function openSocket(host: Host, leader: number): number {
  try {
    const socket = host.files.openWithin(`/proc/${leader}/root`, "run/systemd/private");
    try {
      if (socket.type !== "socket") throw new Error("its place holds something else");
      return host.sockets.connectInside(leader, socket.path);
    } finally {
      socket.close();
    }
  } catch (error) {
    const reason = errno(error) === "ENOENT" ? "the pod has no systemd that answers" : messageOf(error);
    throw new RktError("enter-no-manager", `Cannot reach the pod's PID 1 (process ${leader}): ${reason}`, { cause: error });
  }
}
