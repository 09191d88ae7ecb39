import { fstatSync, type Stats } from "node:fs";

/** Major number of /dev/null and its like (Linux, admin-guide/devices.rst). */
const memoryDevices = 1;

/** Is this descriptor a terminal? node:tty, which takes milliseconds to load, is only asked about what may be one. */
export function isTerminal(descriptor: number): boolean {
  const stat = tryStat(descriptor);
  if (stat === undefined || !stat.isCharacterDevice() || stat.rdev >> 8 === memoryDevices) return false;
  return process.getBuiltinModule("node:tty").isatty(descriptor);
}

function tryStat(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor);
  } catch {
    return undefined;
  }
}
