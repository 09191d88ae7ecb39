import { quoteShell } from "../base/quote-shell.ts";
import type { PodNetwork } from "../spec/network.ts";
import { namespaceName } from "./files.ts";

/** A command as it is executed in the network namespace of a pod's unit, so that `networkUp` finds that namespace whichever it is in itself. */
export function withOwnNamespace(argv: readonly string[]): string[] {
  return ["/bin/sh", "-c", 'exec "$@" 9</proc/self/ns/net', "sh", ...argv];
}

/**
 * Lines of sh that make the pod's network from the files of `networkFiles`, which stand in `directory`; they run with `set -e`. With `taps`
 * the namespace is the unit's own, which systemd has made (NetworkNamespacePath= would have to be there before the unit's first command).
 */
export function networkUp(network: PodNetwork, { directory, runDir, uuid, taps = false }: NetworkPlaces): string[] {
  const bridges = [...new Set(network.interfaces.map((item) => item.bridge))];
  const missing = bridges.map((bridge) => `[ ! -e /sys/class/net/${bridge} ]`).join(" || ");
  return [
    "",
    "# The pod's network. What a crash left of the last one goes first.",
    `net=${quoteShell(directory)}`,
    `if ${missing}; then systemctl start rkt-network.service; fi`,
    `if [ -e ${quoteShell(network.path)} ]; then ip -force -batch "$net/down.ip" 2>/dev/null || :; fi`,
    ...(taps ? [`nsenter --net=/proc/self/fd/9 sh -c 'exec ip netns attach "$1" $$' sh ${namespaceName(network)}`] : []),
    `ip -batch "$net/host.ip"`,
    taps
      ? `nsenter --net=${quoteShell(network.path)} ip -batch "$net/pod.ip"`
      : // One process that becomes ip; the settings are of the namespace it is in, and so the pod's.
        `nsenter --net=${quoteShell(network.path)} sh -c 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start; ` +
        `echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range; exec ip -batch "$1"' sh "$net/pod.ip"`,
    `[ -d ${quoteShell(`${runDir}/net`)} ] || mkdir -p ${quoteShell(`${runDir}/net`)}`,
    `ln -sfn "$net" ${quoteShell(`${runDir}/net/${uuid}`)}`,
    ...(network.ports.length === 0
      ? []
      : [`nft -f "$net/up.nft" || { echo 'Cannot forward the ports of the pod: another pod that runs has one of them' >&2; exit 1; }`]),
  ];
}

/** The opposite, after a run, whatever of it stands. */
export function networkDown(network: PodNetwork, { directory, runDir, uuid }: NetworkPlaces): string[] {
  return [
    `net=${quoteShell(directory)}`,
    `rm -f ${quoteShell(`${runDir}/net/${uuid}`)}`,
    ...(network.ports.length === 0 ? [] : ['nft -f "$net/down.nft" 2>/dev/null']),
    `ip -force -batch "$net/down.ip" 2>/dev/null`,
  ];
}

export interface NetworkPlaces {
  /** Where the files of `networkFiles` stand. */
  readonly directory: string;
  /** /run/rkt */
  readonly runDir: string;
  readonly uuid: string;
  /** Is the pod a machine behind taps? */
  readonly taps?: boolean;
}
