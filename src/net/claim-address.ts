import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Uuid } from "../base/id.ts";
import { claimWith, listClaims, releaseClaims, tryClaim } from "../host/claims.ts";
import type { Host } from "../host/host.ts";
import { addressAt, type BuiltInNetwork, builtInNetworks, sizeOf } from "./networks.ts";
import { conflictingRoute } from "./routes.ts";

/** Directory of the claims on a network's addresses. */
export function addressDirectory(dataDir: string, network: BuiltInNetwork): string {
  return `${dataDir}/net/${network.name}`;
}

export interface AddressRequest {
  readonly dataDir: string;
  readonly uuid: Uuid;
  /** Only look which one it would be: for plans that nobody carries out. */
  readonly dryRun?: boolean;
  /** Gives back, where no address is free, those of pods that have ended. */
  readonly reclaim?: () => void;
}

/**
 * The pod's address in the network: the one it has, or the first that is free, which is its own from now on until `releaseAddresses`. Where
 * none is, `reclaim` is called once.
 * Errors: `network-route` where the host reaches the network's addresses elsewhere, `network-full`.
 */
export function claimAddress(host: Host, network: BuiltInNetwork, request: AddressRequest): string {
  const route = conflictingRoute(host, network);
  if (route !== undefined) {
    const range = `${network.ip4}/${network.ip4Prefix}`;
    throw new RktError(
      "network-route",
      `Cannot use network ${quoteText(network.name)}: this host has a route to ${route}, and ${range} overlaps it`,
      {
        hint: `Use the host's network ("host") or none ("none") for this pod`,
      },
    );
  }
  const address = claimWith(() => claimFree(host, network, request), request.reclaim);
  if (address !== undefined) return address;
  throw new RktError("network-full", `Cannot give the pod an address of network ${quoteText(network.name)}: all are taken`, {
    hint: `"rkt gc --grace-period=0s" gives those of ended pods back`,
  });
}

function claimFree(host: Host, network: BuiltInNetwork, { dataDir, uuid, dryRun = false }: AddressRequest): string | undefined {
  const directory = addressDirectory(dataDir, network);
  const claims = listClaims(host, directory);
  const own = claims.find((claim) => claim.holder === uuid);
  if (own !== undefined) return own.name;
  const taken = new Set(claims.map((claim) => claim.name));
  for (let index = 2; index < sizeOf(network) - 1; index += 1) {
    const address = addressAt(network, index);
    if (taken.has(address)) continue;
    if (dryRun || tryClaim(host, directory, { name: address, holder: uuid })) return address;
  }
  return undefined;
}

/** Gives back the addresses of pods that are gone. Returns them. */
export function releaseAddresses(host: Host, dataDir: string, isGone: (uuid: string) => boolean): string[] {
  return builtInNetworks.flatMap((network) => releaseClaims(host, addressDirectory(dataDir, network), isGone).map((claim) => claim.name));
}
