import { RktError } from "../base/error.ts";
import type { Uuid } from "../base/id.ts";
import { claimWith, listClaims, releaseClaims, tryClaim } from "../host/claims.ts";
import type { Host } from "../host/host.ts";
import type { UserRange } from "../pod/engine.ts";

/** Ids of one pod: what a container of systemd-nspawn has, too. */
const count = 65536;

/** First and last base, in units of `count`: within the range that systemd keeps for containers (UIDS-GIDS.md), above what useradd hands out. */
const [firstIndex, lastIndex] = [0x1000, 0x6ffe] as const;

const attempts = 1000;

/** A range of ids, `first` and the number of them. */
interface Ids {
  readonly first: number;
  readonly length: number;
}

export interface RangeRequest {
  readonly dataDir: string;
  readonly uuid: Uuid;
  /** Claim nothing: the plan is only shown. */
  readonly dryRun?: boolean;
  /** Gives back, where no range is found, those of pods that have ended. */
  readonly reclaim?: () => void;
}

/**
 * The pod's own range of host ids: the one it has, or one that no other pod, no line of /etc/subuid or /etc/subgid, no account and no
 * running user namespace touches. Error: `users-full`.
 */
export function claimUserRange(host: Host, request: RangeRequest): UserRange {
  const range = claimWith(() => claimFree(host, request), request.reclaim);
  if (range !== undefined) return range;
  throw new RktError("users-full", "Cannot give the pod user ids of its own: no free range was found", {
    hint: `"rkt gc --grace-period=0s" gives those of ended pods back`,
  });
}

function claimFree(host: Host, { dataDir, uuid, dryRun = false }: RangeRequest): UserRange | undefined {
  const directory = rangeDirectory(dataDir);
  const claims = listClaims(host, directory);
  const own = claims.find((claim) => claim.holder === uuid);
  if (own !== undefined) return { base: Number(own.name), count };
  const taken = new Set(claims.map((claim) => claim.name));
  const others = [...subordinateIds(host), ...accountIds(host), ...mappedIds(host)];
  for (let attempt = 0; attempt < attempts; attempt += 1) {
    const base = (firstIndex + (host.random(4).readUInt32LE(0) % (lastIndex - firstIndex + 1))) * count;
    if (taken.has(String(base)) || others.some((ids) => ids.first < base + count && base < ids.first + ids.length)) continue;
    if (dryRun || tryClaim(host, directory, { name: String(base), holder: uuid })) return { base, count };
  }
  return undefined;
}

/** Gives back the ranges of pods that are gone. */
export function releaseUserRanges(host: Host, dataDir: string, isGone: (uuid: string) => boolean): void {
  releaseClaims(host, rangeDirectory(dataDir), isGone);
}

function rangeDirectory(dataDir: string): string {
  return `${dataDir}/users`;
}

/** subuid(5): NAME:FIRST:COUNT. */
function subordinateIds(host: Host): Ids[] {
  return ["/etc/subuid", "/etc/subgid"].flatMap((path) =>
    linesOf(host, path).flatMap((line) => {
      const [, first, length] = line.split(":");
      return first === undefined || length === undefined ? [] : [{ first: Number(first), length: Number(length) }];
    }),
  );
}

function accountIds(host: Host): Ids[] {
  return ["/etc/passwd", "/etc/group"].flatMap((path) =>
    linesOf(host, path).map((line) => ({ first: Number(line.split(":")[2]), length: 1 })),
  );
}

/** What runs in user namespaces of others now: `INSIDE OUTSIDE COUNT` (user_namespaces(7)). */
function mappedIds(host: Host): Ids[] {
  return host.files
    .tryList("/proc")
    .filter((entry) => /^\d+$/.test(entry))
    .flatMap((pid) =>
      mapOf(host, pid).flatMap((line) => {
        const [, first = "", length = ""] = line.trim().split(/\s+/);
        // That of the host itself, or one as large, says nothing.
        return Number(length) > 0x7000_0000 || length === "" ? [] : [{ first: Number(first), length: Number(length) }];
      }),
    );
}

function mapOf(host: Host, pid: string): string[] {
  try {
    return linesOf(host, `/proc/${pid}/uid_map`);
  } catch {
    // It has ended, or is not ours to see.
    return [];
  }
}

function linesOf(host: Host, path: string): string[] {
  return (host.files.tryReadText(path) ?? "").split("\n").filter((line) => line !== "");
}
