import { badEntry } from "./entry.ts";
import type { ArchiveLimits } from "./limits.ts";

const longestPart = 255;

/**
 * The parts of a name in an archive. "./" and doubled slashes go; a name that is absolute, goes up, holds a NUL or is longer than
 * a file system takes is refused.
 */
export function splitName(name: string, limits: ArchiveLimits): string[] {
  if (name === "") throw badEntry(name, "has no name");
  if (name.length > limits.nameBytes) throw badEntry(name, `has a name of ${name.length} bytes, which is too long`);
  if (name.includes("\0")) throw badEntry(name, "has a NUL in its name");
  if (name.startsWith("/")) throw badEntry(name, "has an absolute name");
  const parts = name.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw badEntry(name, `has ".." in its name, which could lead out of the image`);
  if (parts.some((part) => part.length > longestPart)) throw badEntry(name, `has a part of more than ${longestPart} bytes in its name`);
  return parts;
}
