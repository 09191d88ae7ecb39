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
export function networkUp(network: PodNetwork, { directory, runDir, uuid, taps = false, sysctls = [] }: NetworkPlaces): string[] {
  const bridges = [...new Set(network.interfaces.map((item) => item.bridge))];
  const missing = bridges.map((bridge) => `[ ! -e /sys/class/net/${bridge} ]`).join(" || ");
  const noted = quoteShell(`${runDir}/net/${uuid}`);
  const refuse = (reason: string): string => `{ echo ${quoteShell(reason)} >&2; exit 1; }`;
  return [
    "# What a crash left of the last one goes first.",
    `net=${quoteShell(directory)}`,
    // It has run for them when it says so; who stops nftables.service takes that back. Not by its unit, which shall run when that comes again.
    `if [ ! -e ${quoteShell(`${runDir}/network`)} ] || ${missing}; then /usr/lib/rkt/network up; fi`,
    `if ${missing}; then ${refuse(`Cannot make the pod's network: the host has no bridge ${bridges.join(" or ")}; "systemctl status rkt-network" says why`)}; fi`,
    `if [ -e ${quoteShell(network.path)} ]; then ip -force -batch "$net/down.ip" 2>/dev/null || :; fi`,
    ...(taps ? [`nsenter --net=/proc/self/fd/9 sh -c 'exec ip netns attach "$1" $$' sh ${namespaceName(network)}`] : []),
    `[ -d ${quoteShell(`${runDir}/net`)} ] || mkdir -p ${quoteShell(`${runDir}/net`)}`,
    // Whatever ends this run: these files tell what it made.
    `ln -sfn "$net" ${noted}`,
    `ip -batch "$net/host.ip"`,
    // A kernel that was booted without IPv6 takes none of its addresses.
    'batch="$net/pod.ip"; [ -e /proc/net/if_inet6 ] || [ ! -e "$net/pod4.ip" ] || batch="$net/pod4.ip"',
    taps
      ? `nsenter --net=${quoteShell(network.path)} ip -batch "$batch"`
      : // One process that becomes ip; the settings are of the namespace it is in, and so the pod's.
        `nsenter --net=${quoteShell(network.path)} sh -c 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start; ` +
        `echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range; exec ip -batch "$1"' sh "$batch"`,
    ...(sysctls.length === 0
      ? []
      : [
          `nsenter --net=${quoteShell(network.path)} sh -euc 'while [ $# -gt 0 ]; do echo "$2" > "/proc/sys/$1"; shift 2; done' sh ` +
            sysctls.map(({ name, value }) => `${quoteShell(name.replaceAll(".", "/"))} ${quoteShell(value)}`).join(" "),
        ]),
    // Tables that somebody has flushed are made again, with the elements of all pods that run.
    ...(network.ports.length === 0
      ? []
      : [
          `nft -f "$net/up.nft" 2>/dev/null || { ! nft list map ip rkt ports >/dev/null 2>&1 && /usr/lib/rkt/network tables && nft -f "$net/up.nft"; } ||`,
          `  ${refuse("Cannot forward the ports of the pod: another pod that runs has one of them")}`,
        ]),
  ];
}

/**
 * Of a run whose files are not those in `directory`, if any: a pod that was applied anew while it ran ends by the lines of its new
 * generation, which may have another network, or none. For every pod, before its start and after its run.
 */
export function networkLeft({ directory, runDir, uuid }: NetworkPlaces): string[] {
  const noted = quoteShell(`${runDir}/net/${uuid}`);
  return [
    `if [ -e ${noted}/down.ip ] && ! [ ${noted} -ef ${quoteShell(directory)} ]; then`,
    `  [ ! -e ${noted}/down.nft ] || nft -f ${noted}/down.nft 2>/dev/null || :`,
    `  ip -force -batch ${noted}/down.ip 2>/dev/null || :`,
    `  rm -f ${noted}`,
    "fi",
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
  /** Kernel parameters of the pod that are not set by the pod itself. */
  readonly sysctls?: readonly { readonly name: string; readonly value: string }[];
}
