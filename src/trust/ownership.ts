import { dirname } from "node:path";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { FileStat, Host } from "../host/host.ts";

const GROUP_OR_OTHERS_WRITE = 0o022;
const STICKY = 0o1000;

/**
 * Throws `key-not-roots` unless a path and every directory above it belong to the owner (root) and nobody else may write them:
 * who can put a key there decides what runs here. Directories above may be sticky, since in those nobody moves what is another's.
 */
export function assertOwned(host: Host, path: string, owner: number): void {
  const stat = host.files.tryLstat(path);
  if (stat === undefined) return;
  assertPart(path, stat, owner, stat.mode & GROUP_OR_OTHERS_WRITE);
  for (let part = dirname(path); ; part = dirname(part)) {
    const above = host.files.stat(part);
    assertPart(part, above, owner, above.mode & STICKY ? 0 : above.mode & GROUP_OR_OTHERS_WRITE);
    if (part === "/") return;
  }
}

function assertPart(path: string, stat: FileStat, owner: number, writable: number): void {
  if (stat.type === "symlink") throw notRoots(path, "it is a symbolic link", "Put the file or directory itself there");
  if (stat.uid !== 0 && stat.uid !== owner) {
    throw notRoots(path, "it does not belong to root", `Look at what is in it, then "chown root:root ${path}"`);
  }
  if (writable !== 0) throw notRoots(path, "others than root may write it", `Look at what is in it, then "chmod go-w ${path}"`);
}

function notRoots(path: string, reason: string, hint: string): RktError {
  return new RktError("key-not-roots", `Cannot trust keys under ${quoteText(path)}: ${reason}`, { hint });
}
