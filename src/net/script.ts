import type { PodNetwork } from "../spec/network.ts";

/** Lines of sh that make the pod's network from the files of `networkFiles`, which stand in `directory`; they run with `set -e`. */
export function networkUp(network: PodNetwork, { directory, runDir, uuid }: NetworkPlaces): string[] {
  const bridges = [...new Set(network.interfaces.map((item) => item.bridge))];
  const missing = bridges.map((bridge) => `[ ! -e /sys/class/net/${bridge} ]`).join(" || ");
  return [
    "",
    "# The pod's network. What a crash left of the last one goes first.",
    `net=${quote(directory)}`,
    `if ${missing}; then systemctl start rkt-network.service; fi`,
    `if [ -e ${quote(network.path)} ]; then ip -force -batch "$net/down.ip" 2>/dev/null || :; fi`,
    `ip -batch "$net/host.ip"`,
    // One process that becomes ip; the settings are of the namespace it is in, and so the pod's.
    `nsenter --net=${quote(network.path)} sh -c 'echo 0 > /proc/sys/net/ipv4/ip_unprivileged_port_start; ` +
      `echo "0 2147483647" > /proc/sys/net/ipv4/ping_group_range; exec ip -batch "$1"' sh "$net/pod.ip"`,
    `[ -d ${quote(`${runDir}/net`)} ] || mkdir -p ${quote(`${runDir}/net`)}`,
    `ln -sfn "$net" ${quote(`${runDir}/net/${uuid}`)}`,
    ...(network.ports.length === 0
      ? []
      : [`nft -f "$net/up.nft" || { echo 'Cannot forward the ports of the pod: another pod that runs has one of them' >&2; exit 1; }`]),
  ];
}

/** The opposite, after a run, whatever of it stands. */
export function networkDown(network: PodNetwork, { directory, runDir, uuid }: NetworkPlaces): string[] {
  return [
    `net=${quote(directory)}`,
    `rm -f ${quote(`${runDir}/net/${uuid}`)}`,
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
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`;
}
