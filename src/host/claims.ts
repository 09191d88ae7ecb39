import { errno } from "../base/error.ts";
import type { Host } from "./host.ts";

/**
 * Numbers of which each belongs to one holder at a time (addresses, id ranges): a directory with a file for each, which holds its
 * holder's UUID. A file appears whole, by link(2), so that two who want the same number at the same time do not both get it.
 */
export interface Claim {
  readonly name: string;
  readonly holder: string;
}

/** False where somebody holds it already, the same holder too. */
export function tryClaim(host: Host, directory: string, { name, holder }: Claim): boolean {
  host.files.mkdir(directory, { recursive: true, mode: 0o755 });
  const draft = `${directory}/.new-${holder}`;
  host.files.removeTree(draft);
  host.files.write(draft, `${holder}\n`, { mode: 0o644 });
  try {
    host.files.sync(draft);
    host.files.link(draft, `${directory}/${name}`);
    host.files.sync(directory);
    return true;
  } catch (error) {
    if (errno(error) !== "EEXIST") throw error;
    return false;
  } finally {
    host.files.unlink(draft);
  }
}

/** What `claim` finds; where it finds nothing, what it finds after `reclaim`. */
export function claimWith<T>(claim: () => T | undefined, reclaim: (() => void) | undefined): T | undefined {
  const found = claim();
  if (found !== undefined || reclaim === undefined) return found;
  reclaim();
  return claim();
}

export function listClaims(host: Host, directory: string): Claim[] {
  const names = host.files.tryList(directory).filter((name) => !name.startsWith("."));
  return names.flatMap((name) => {
    const holder = host.files.tryReadText(`${directory}/${name}`)?.trim();
    return holder === undefined ? [] : [{ name, holder }];
  });
}

/**
 * Gives back what is held by those that `isGone` names, and drafts that a killed claim left. Returns what was given back. One at a time: a
 * number that another has given back meanwhile may be a third one's by now.
 */
export function releaseClaims(host: Host, directory: string, isGone: (holder: string) => boolean): Claim[] {
  if (!host.files.exists(directory)) return [];
  const lock = host.locks.tryLock(`${directory}/.lock`);
  try {
    return releaseLocked(host, directory, isGone);
  } finally {
    lock?.release();
  }
}

function releaseLocked(host: Host, directory: string, isGone: (holder: string) => boolean): Claim[] {
  for (const entry of host.files.tryList(directory)) {
    if (entry.startsWith(".new-") && isGone(entry.slice(".new-".length))) host.files.removeTree(`${directory}/${entry}`);
  }
  const gone = listClaims(host, directory).filter((claim) => isGone(claim.holder));
  for (const { name } of gone) host.files.removeTree(`${directory}/${name}`);
  return gone;
}
