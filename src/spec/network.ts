/** The network of one pod as plain data: `src/net` makes it, engines and scripts read it. */
export type NetworkDescription =
  /** The host's own. */
  | { readonly kind: "host" }
  /** A network namespace of the engine's own with lo only. */
  | { readonly kind: "none" }
  | PodNetwork;

/** A network namespace that is made before the engine starts, and taken away after it has ended. */
export interface PodNetwork {
  readonly kind: "namespace";
  /** `/run/netns/rkt-UUID`. */
  readonly path: string;
  /** eth0, eth1, … in the order asked for. */
  readonly interfaces: readonly NetworkInterface[];
  readonly ports: readonly ForwardedPort[];
}

export interface NetworkInterface {
  /** Name of the network: `default`, `default-restricted`. */
  readonly network: string;
  /** In the pod: `eth0`. */
  readonly name: string;
  /** On the host: at most 15 characters. */
  readonly hostName: string;
  /** Of the host. */
  readonly bridge: string;
  readonly addresses: readonly InterfaceAddress[];
}

export interface InterfaceAddress {
  readonly family: "ip4" | "ip6";
  readonly address: string;
  readonly prefixLength: number;
  /** Next hop of the default route; absent where the network leads no further than the host. */
  readonly gateway?: string;
}

export interface ForwardedPort {
  /** The image's name for it. */
  readonly name: string;
  readonly protocol: "tcp" | "udp";
  /** Absent: every address of the host. */
  readonly hostAddress?: string;
  readonly hostPort: number;
  readonly podPort: number;
}

/** What the pod's /etc/resolv.conf is: the file with this text, the host's own, or none of ours (the image's stays). */
export type NameFile = { readonly kind: "text"; readonly text: string } | { readonly kind: "host" } | { readonly kind: "image" };

/** Names that `Net=` and `--net` know; networks of CNI are not there yet. */
export const networkNames: readonly string[] = ["default", "default-restricted", "host", "none", "all"];
