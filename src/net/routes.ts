import type { Host } from "../host/host.ts";
import { type BuiltInNetwork, formatIp4, parseIp4 } from "./networks.ts";

/** A route of the host that leads addresses of the network elsewhere, as `172.16.0.0/12 (eth0)`; the default route does no harm. */
export function conflictingRoute(host: Host, network: BuiltInNetwork): string | undefined {
  const [, ...lines] = (host.files.tryReadText("/proc/net/route") ?? "").split("\n");
  for (const line of lines) {
    const [device = "", destination = "", , flags = "", , , , mask = ""] = line.split("\t");
    if (device === "" || device === network.bridge || (Number.parseInt(flags, 16) & 1) === 0) continue;
    const [first, bits] = [hostOrder(destination), hostOrder(mask)];
    if (bits === 0) continue;
    const length = 32 - Math.log2(2 ** 32 - bits);
    if (overlaps({ first, length }, { first: parseIp4(network.ip4), length: network.ip4Prefix }))
      return `${formatIp4(first)}/${length} (${device})`;
  }
  return undefined;
}

interface Range {
  readonly first: number;
  readonly length: number;
}

function overlaps(a: Range, b: Range): boolean {
  const size = 2 ** (32 - Math.min(a.length, b.length));
  return Math.floor(a.first / size) === Math.floor(b.first / size);
}

/** /proc/net/route writes addresses as the machine's integers: little-endian on all that rkt runs on. */
function hostOrder(hex: string): number {
  return Buffer.from(hex.padStart(8, "0"), "hex").readUInt32LE(0);
}
