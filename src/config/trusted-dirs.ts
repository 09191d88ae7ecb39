import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { FileStat, Host } from "../host/host.ts";

const MAX_LINKS = 40;

export interface OwnerOptions {
  /** Who must own everything; 0 but in tests. */
  readonly uid?: number;
  /** Directory from which on upwards nothing is checked; "/" is checked as well where this is left out. */
  readonly top?: string;
}

/**
 * Refuses a path that others than root could have written: the file or directory itself, every directory above it up to `/`,
 * and every link on the way with what it leads to, must be root's and not writable for group or others. A sticky directory
 * (/tmp) is no exception: anyone may create a name there first. Returns the path with all links resolved.
 * Throws `not-root-owned`; a missing path is the system's ENOENT.
 */
export function assertRootOwned(host: Host, path: string, options: OwnerOptions = {}): string {
  const { uid = 0, top } = options;
  let rest = path.split("/").filter((part) => part !== "" && part !== ".");
  let current = "";
  let links = 0;
  if (top === undefined) checkOwner(host.files.stat("/"), "/", path, uid);
  while (rest.length > 0) {
    const [part = "", ...others] = rest;
    rest = others;
    current = part === ".." ? current.slice(0, Math.max(current.lastIndexOf("/"), 0)) : `${current}/${part}`;
    const stat = host.files.tryLstat(current === "" ? "/" : current) ?? host.files.stat(current);
    const isChecked = top === undefined || `${current}/`.startsWith(`${top}/`);
    if (isChecked) checkOwner(stat, current === "" ? "/" : current, path, uid);
    if (stat.type !== "symlink") continue;
    if (++links > MAX_LINKS) throw new RktError("not-root-owned", `Cannot use ${quoteText(path)}: too many links`);
    const target = host.files.readLink(current);
    rest = [...target.split("/").filter((name) => name !== "" && name !== "."), ...rest];
    current = target.startsWith("/") ? "" : current.slice(0, current.lastIndexOf("/"));
  }
  return current === "" ? "/" : current;
}

function checkOwner(stat: FileStat, part: string, path: string, uid: number): void {
  const of = part === path ? "it" : quoteText(part);
  if (stat.uid !== uid && stat.uid !== 0) throw refuse(path, `${of} belongs to user ${stat.uid}, not to root`, `chown root ${part}`);
  // A link's own mode means nothing: who may replace it is decided by its directory.
  if (stat.type === "symlink" || (stat.mode & 0o022) === 0) return;
  throw refuse(path, `${of} can be written by ${stat.mode & 0o002 ? "anyone" : "a group"}`, `chmod go-w ${part}`);
}

function refuse(path: string, reason: string, command: string): RktError {
  return new RktError("not-root-owned", `Cannot use ${quoteText(path)}: ${reason}`, {
    hint: `A file that says what root runs has to be root's alone; "${command}" makes it so`,
  });
}
