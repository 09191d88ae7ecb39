import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";

/** What a control group uses (cgroup v2); absent: its controller is not enabled there. */
export interface Usage {
  /** Microseconds of CPU time since it was made. */
  readonly cpu: number;
  /** Bytes. */
  readonly memory?: number;
  /** Processes and threads. */
  readonly tasks?: number;
  /** Bytes since it was made, of all block devices. */
  readonly read?: number;
  readonly written?: number;
}

/** `group` is below /sys/fs/cgroup, with a slash in front. undefined: there is none (any more). */
export function readUsage(host: Host, group: string): Usage | undefined {
  const read = (file: string): string | undefined => readFile(host, `/sys/fs/cgroup${group}/${file}`);
  const cpu = numberIn(read("cpu.stat"), /^usage_usec ([0-9]+)$/m);
  if (cpu === undefined) return undefined;
  const io = read("io.stat");
  return {
    cpu,
    ...defined("memory", numberIn(read("memory.current"), /^([0-9]+)$/m)),
    ...defined("tasks", numberIn(read("pids.current"), /^([0-9]+)$/m)),
    ...(io === undefined ? {} : { read: sumOf(io, "rbytes"), written: sumOf(io, "wbytes") }),
  };
}

/**
 * The control groups of an app inside its pod's, as its manager makes them; the first that exists counts. With `_` in front where the
 * name alone could be a file of the kernel's: an app named as a controller.
 */
export function appGroups(group: string, app: string): readonly string[] {
  return ["/payload", ""].flatMap((payload) => ["", "_"].map((mark) => `${group}${payload}/system.slice/${mark}${app}.service`));
}

function readFile(host: Host, path: string): string | undefined {
  try {
    return host.files.tryReadText(path);
  } catch (error) {
    // It was removed while it was open.
    if (["ENODEV", "EACCES", "EOPNOTSUPP"].includes(errno(error) ?? "")) return undefined;
    throw error;
  }
}

function numberIn(text: string | undefined, pattern: RegExp): number | undefined {
  const match = pattern.exec(text ?? "");
  return match === null ? undefined : Number(match[1]);
}

/** `8:0 rbytes=1 wbytes=2 …`, one line a device. */
function sumOf(text: string, key: string): number {
  return [...text.matchAll(new RegExp(`\\b${key}=([0-9]+)`, "g"))].reduce((sum, match) => sum + Number(match[1]), 0);
}

function defined<Key extends string>(key: Key, value: number | undefined): { readonly [K in Key]?: number } {
  return value === undefined ? {} : ({ [key]: value } as { readonly [K in Key]?: number });
}
