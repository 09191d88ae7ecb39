import type { Stats } from "node:fs";
import type { FileStat } from "./host.ts";
import { typeOfStat } from "./node-raw.ts";

export function toFileStat(stat: Stats): FileStat {
  const { mode, uid, gid, size, dev, ino, nlink, rdev, mtimeMs, ctimeMs } = stat;
  return { type: typeOfStat(stat), mode: mode & 0o7777, uid, gid, size, dev, ino, nlink, rdev, mtimeMs, ctimeMs };
}
