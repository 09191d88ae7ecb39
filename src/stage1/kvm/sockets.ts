import { findNetwork } from "../../net/networks.ts";
import type { PodDescription, SocketDescription } from "../../pod/engine.ts";

/** Where sockets get a port whose address has none, or one that another has: below those that the kernel gives out. */
const firstPort = 29300;

/** What the pod's sockets are inside the guest, IPV4:PORT: where the host's listens, on the machine's own address, as far as two are not the same. */
export function guestAddresses({ sockets, network }: PodDescription): string[] {
  if (network.kind !== "namespace") return [];
  const address = network.interfaces[0]?.addresses.find(({ family }) => family === "ip4")?.address ?? "";
  const wanted = sockets.map(({ listen }) => portOf(listen[0]?.address ?? ""));
  const taken = new Set([...wanted, ...network.ports.map(({ podPort }) => podPort)]);
  return wanted.map((port, index) => {
    if (port !== undefined && wanted.indexOf(port) === index) return `${address}:${port}`;
    let free = firstPort;
    while (taken.has(free)) free += 1;
    taken.add(free);
    return `${address}:${free}`;
  });
}

function portOf(address: string): number | undefined {
  const port = /^[^/@].*:(\d+)$/.exec(address)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** As the guest's units have them. Only the host may connect: the apps' sockets are no ports of the pod for others. */
export function guestSockets(pod: PodDescription): SocketDescription[] {
  const addresses = guestAddresses(pod);
  const [first] = pod.network.kind === "namespace" ? pod.network.interfaces : [];
  const gateway = first === undefined ? undefined : findNetwork(first.network)?.gateway4;
  return pod.sockets.map((socket, index) => ({
    ...socket,
    listen: [{ kind: "stream", address: addresses[index] ?? "" }],
    options: [
      ["FreeBind", "yes"],
      ...(gateway === undefined ? [] : [["IPAddressDeny", "any"] as const, ["IPAddressAllow", gateway] as const]),
    ],
  }));
}
