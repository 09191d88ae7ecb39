import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { PodDescription } from "../../pod/engine.ts";
import { checkPod } from "../nspawn/check.ts";
import { tunDevice } from "./devices.ts";

/** Refuses what a pod in a virtual machine cannot have, in one sentence each. */
export function checkVirtualMachine(pod: PodDescription, host: Host): void {
  const where = `Cannot run pod ${quoteText(pod.name ?? pod.uuid)} in a virtual machine`;
  const refuse = (reason: string, hint: string): never => {
    throw new RktError("kvm-refused", `${where}: ${reason}`, { hint });
  };
  if (pod.network.kind === "host")
    refuse("it has a network stack of its own, never the host's", "Choose another network, or another stage1");
  if (pod.network.kind === "namespace" && host.files.tryLstat(tunDevice)?.type !== "character")
    refuse(`the host has no ${tunDevice}, which its network needs`, "Load the kernel's module tun, or set Net=none");
  if (pod.users !== undefined) refuse("its users are not the host's anyway", "Leave private users out");
  if (pod.copyTrees === true) refuse("its images are disks that cannot be copied", "Leave --no-overlay out");
  // They would be the hypervisor's, and connections wait for ever.
  if (pod.name === undefined && host.env["LISTEN_FDS"] !== undefined)
    refuse("sockets of the unit that runs rkt do not reach it", "Declare the pod in a file with a [Socket], or take another stage1");
  checkSockets(pod, refuse);
  const special = pod.volumes.find(({ type, source }) => type === "file" && (host.files.tryStat(source ?? "")?.type ?? "file") !== "file");
  if (special !== undefined) refuse(`volume ${quoteText(special.name)} is neither a directory nor a regular file`, "Take another stage1");
  const [device] = pod.devices;
  if (device !== undefined) refuse(`device ${quoteText(device.path)} is the host's`, "Leave the devices out, or take another stage1");
  if (pod.apps.some((app) => app.streams !== undefined))
    refuse("it keeps no terminal, and its outputs go to the journal", "Leave Output= or the streams' modes out, or take another stage1");
  checkPod(pod, host);
}

/** A machine gets no descriptors: connections are carried to it. */
function checkSockets({ sockets, network }: PodDescription, refuse: (reason: string, hint: string) => never): void {
  for (const { name, listen } of sockets) {
    if (network.kind !== "namespace")
      refuse(`connections of socket ${quoteText(name)} come over its network, and it has none`, "Leave Net=none or the socket out");
    if (listen.some(({ kind }) => kind !== "stream"))
      refuse(`only streams can be carried to it, and socket ${quoteText(name)} is none`, "Use ListenStream=, or take another stage1");
    if (listen.length > 1)
      refuse(`socket ${quoteText(name)} has several addresses, which its app could not tell apart`, "Write a [Socket] for each address");
  }
}
