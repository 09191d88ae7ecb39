import { type ArchiveEntry, badArchive, badEntry, type EntryType } from "./entry.ts";

/** Names and types of an archive so far: what one entry may be depends on the earlier ones. */
export type Outline = Map<string, EntryType | "implied">;

/** Character devices that every program may have: null, zero, full, random, urandom, tty, console, ptmx. */
const harmlessDevices = new Set(["1:3", "1:5", "1:7", "1:8", "1:9", "5:0", "5:1", "5:2"]);

export function createOutline(): Outline {
  return new Map();
}

/**
 * Adds an entry, or throws `archive-bad`: for a name that is there already, a parent that is no directory (above all, a link),
 * a hard link to anything but an earlier file, a device that is not harmless or not below `rootfs/dev`, or when there are more than `most`,
 * directories that are only implied included.
 */
export function checkPlace(outline: Outline, entry: ArchiveEntry, most = Number.MAX_SAFE_INTEGER): void {
  const name = entry.path.join("/");
  const known = outline.get(name);
  if (known !== undefined && !(known === "implied" && entry.type === "directory")) throw badEntry(name, "stands there twice");
  checkParents(outline, entry);
  if (entry.type === "link") checkLink(outline, entry);
  if (entry.type === "block" || entry.type === "character") checkDevice(entry);
  outline.set(name, entry.type);
  if (outline.size > most) throw badArchive(`it has more than ${most} entries`);
}

function checkParents(outline: Outline, entry: ArchiveEntry): void {
  let parent = "";
  for (const part of entry.path.slice(0, -1)) {
    parent = parent === "" ? part : `${parent}/${part}`;
    const type = outline.get(parent);
    if (type === undefined) outline.set(parent, "implied");
    else if (type !== "directory" && type !== "implied")
      throw badEntry(entry.path, `lies below ${JSON.stringify(parent)}, which is a ${type}`);
  }
}

function checkLink(outline: Outline, entry: ArchiveEntry): void {
  const target = entry.linkPath.join("/");
  if (entry.path[0] !== "rootfs" || entry.linkPath[0] !== "rootfs") throw badEntry(entry.path, "is a hard link out of the image");
  const type = outline.get(target);
  if (type === undefined) throw badEntry(entry.path, "is a hard link to nothing that comes before it");
  if (type === "directory" || type === "implied") throw badEntry(entry.path, "is a hard link to a directory");
}

function checkDevice(entry: ArchiveEntry): void {
  const device = `${entry.major}:${entry.minor}`;
  const isPlace = entry.path[0] === "rootfs" && entry.path[1] === "dev" && entry.path.length > 2;
  if (!isPlace) throw badEntry(entry.path, `is a device outside "rootfs/dev"`);
  if (entry.type === "block" || !harmlessDevices.has(device))
    throw badEntry(entry.path, `is the ${entry.type} device ${device}, which an image may not bring`);
}
