import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { FileStat, Host, PinnedFile } from "../host/host.ts";

/**
 * The root directory an app will see, before anything is mounted: its layers, topmost first.
 * Links are resolved inside it, never on the host.
 */
export interface RootfsView {
  /** Path on the host of a path inside, the last link not followed; undefined where missing. */
  locate(path: string): Located | undefined;
  /** Absolute path inside with every link resolved; the last parts may be missing. Throws `rootfs-loop`. */
  resolve(path: string): string;
  /** Text of a file inside, links resolved; undefined where missing. */
  readText(path: string): string | undefined;
  /** The first bytes of a file inside, links resolved; undefined where there is no such file. */
  readHead(path: string, limit: number): Buffer | undefined;
  /** Status of what a path leads to, links resolved. */
  stat(path: string): FileStat | undefined;
  /** Names in a directory inside, over all layers. */
  list(path: string): string[];
}

export interface Located {
  /** The layer that has it. */
  readonly layer: string;
  readonly hostPath: string;
  readonly stat: FileStat;
}

const maxLinks = 40;
const maxText = 1 << 20;

export function viewRootfs(host: Host, layers: readonly string[]): RootfsView {
  const locate = (path: string) => locateIn(host, layers, path);
  const resolve = (path: string) => resolveIn(host, layers, path);
  return {
    locate,
    resolve,
    readText: (path) => {
      const found = locate(resolve(path));
      if (found === undefined || found.stat.type !== "file" || found.stat.size > maxText) return undefined;
      return readPinned(host, found, (file) => file.readText(maxText));
    },
    readHead: (path, limit) => {
      const found = locate(resolve(path));
      return found?.stat.type === "file" ? readPinned(host, found, (file) => file.readHead(limit)) : undefined;
    },
    stat: (path) => locate(resolve(path))?.stat,
    list: (path) => {
      const inside = resolve(path);
      return [...new Set(layers.flatMap((layer) => listReal(host, join(layer, inside))))].toSorted();
    },
  };
}

/** Every parent is a real directory in the layer that has it: `path` was resolved before. */
function locateIn(host: Host, layers: readonly string[], path: string): Located | undefined {
  const parts = splitPath(path);
  for (const layer of layers) {
    const found = walk(host, layer, parts);
    if (found === "hidden") return undefined;
    if (found !== undefined) return found;
  }
  return undefined;
}

function walk(host: Host, layer: string, parts: readonly string[]): Located | "hidden" | undefined {
  let hostPath = layer;
  let stat = host.files.tryLstat(layer);
  for (const [index, part] of parts.entries()) {
    if (stat === undefined) return undefined;
    // A non-directory in an upper layer hides the directory below it.
    if (stat.type !== "directory") return index === 0 ? undefined : "hidden";
    hostPath = `${hostPath}/${part}`;
    stat = tryLstat(host, hostPath);
  }
  return stat === undefined ? undefined : { layer, hostPath, stat };
}

/** The layer may be the writable one of a pod that runs, and change while it is read: no link is followed, nothing waited for. */
function readPinned<T>(host: Host, { layer, hostPath }: Located, read: (file: PinnedFile) => T): T | undefined {
  try {
    const file = host.files.openWithin(layer, hostPath.slice(layer.length + 1));
    try {
      return read(file);
    } finally {
      file.close();
    }
  } catch (error) {
    if (["ELOOP", "ENOTDIR", "ENOENT", "EINVAL"].includes(errno(error) ?? "")) return undefined;
    throw error;
  }
}

/** undefined also for a name that no file system has: an image's manifest may say anything. */
function tryLstat(host: Host, path: string): FileStat | undefined {
  if (path.includes("\0")) return undefined;
  try {
    return host.files.tryLstat(path);
  } catch (error) {
    if (errno(error) === "ENAMETOOLONG") return undefined;
    throw error;
  }
}

function resolveIn(host: Host, layers: readonly string[], path: string): string {
  let pending = splitPath(path);
  let done: string[] = [];
  let links = 0;
  while (pending.length > 0) {
    const [part, ...rest] = pending as [string, ...string[]];
    pending = rest;
    if (part === "..") {
      done = done.slice(0, -1);
      continue;
    }
    const found = locateIn(host, layers, [...done, part].join("/"));
    if (found?.stat.type !== "symlink") {
      done.push(part);
      continue;
    }
    links += 1;
    if (links > maxLinks) throw new RktError("rootfs-loop", `Cannot resolve ${quoteText(path)} in the image: too many links`);
    const target = host.files.readLink(found.hostPath);
    if (target.startsWith("/")) done = [];
    pending = [...splitPath(target), ...pending];
  }
  return `/${done.join("/")}`;
}

function splitPath(path: string): string[] {
  return path.split("/").filter((part) => part !== "" && part !== ".");
}

function listReal(host: Host, path: string): string[] {
  return tryLstat(host, path)?.type === "directory" ? host.files.list(path) : [];
}

function join(layer: string, inside: string): string {
  return inside === "/" ? layer : `${layer}${inside}`;
}
