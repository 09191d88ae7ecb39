import type { Host } from "../host/host.ts";
import type { ForwardedPort } from "../spec/network.ts";

/** In /proc/net/tcp a listening socket; a bound one in /proc/net/udp. */
const listening = { tcp: "0A", udp: "07" } as const;

/** Those of the ports on which a program of the host listens: it will hear nothing more from outside while the pod runs. */
export function portsInUse(host: Host, ports: readonly ForwardedPort[]): ForwardedPort[] {
  return ports.filter((port) => listeningPorts(host, port.protocol).has(port.hostPort));
}

function listeningPorts(host: Host, protocol: "tcp" | "udp"): ReadonlySet<number> {
  const found = new Set<number>();
  for (const file of [`/proc/net/${protocol}`, `/proc/net/${protocol}6`]) {
    for (const line of (host.files.tryReadText(file) ?? "").split("\n").slice(1)) {
      const [, local = "", , state = ""] = line.trim().split(/\s+/);
      if (state === listening[protocol]) found.add(Number.parseInt(local.split(":")[1] ?? "", 16));
    }
  }
  return found;
}
