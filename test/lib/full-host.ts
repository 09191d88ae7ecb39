import type { Files, Host } from "../../src/host/host.ts";
import type { RawFiles } from "../../src/host/raw.ts";

/** A host whose disk has no more room from the n-th call that takes some; what takes none goes on. */
export interface FullHost {
  readonly host: Host;
  /** Calls so far that take room. */
  readonly calls: () => number;
  /** Files of `host.raw` that were not closed. */
  readonly open: ReadonlySet<number>;
}

export interface Fullness {
  /** The first call that finds no room has number 1. Default: none does. */
  readonly at?: number;
  /** Default ENOSPC. */
  readonly code?: "ENOSPC" | "EDQUOT";
}

const taking = ["writeAtomic", "write", "mkdir", "symlink", "link", "rename"] as const satisfies readonly (keyof Files)[];
/** Told once: that there was no room for what was written before. */
const telling = ["sync", "syncMeanwhile", "syncFileSystem"] as const satisfies readonly (keyof Files)[];
const rawTaking = [
  "create",
  "write",
  "mkdir",
  "symlink",
  "link",
  "makeNode",
  "setXattr",
  "copy",
] as const satisfies readonly (keyof RawFiles)[];

export function makeFullHost(real: Host, { at = Number.POSITIVE_INFINITY, code = "ENOSPC" }: Fullness = {}): FullHost {
  const state = { calls: 0, open: new Set<number>() };
  const check = (name: string, args: readonly unknown[]): void => {
    // What is there already needs no room.
    if (name === "mkdir" && real.files.exists(String(args[0]))) return;
    state.calls += 1;
    if (state.calls < at || (state.calls > at && (telling as readonly string[]).includes(name))) return;
    if (name === "copy") real.files.write(String(args[1]), "half");
    const error = { code, errno: -28, syscall: name };
    throw Object.assign(new Error(`${code}: no room, ${name}`), error);
  };
  const raw = wrap(real.raw, rawTaking, check);
  const host: Host = {
    ...real,
    files: wrap(real.files, [...taking, ...telling], check),
    raw: {
      ...raw,
      create: (path, mode) => {
        const fd = raw.create(path, mode);
        state.open.add(fd);
        return fd;
      },
      close: (fd) => {
        state.open.delete(fd);
        raw.close(fd);
      },
    },
  };
  return { host, calls: () => state.calls, open: state.open };
}

function wrap<T extends object>(
  target: T,
  names: readonly (keyof T & string)[],
  check: (name: string, args: readonly unknown[]) => void,
): T {
  const entries = names.map((name) => {
    const method = target[name] as (...args: unknown[]) => unknown;
    const isPromise = name === "syncMeanwhile";
    return [name, (...args: unknown[]) => (isPromise ? attempt(() => check(name, args)) : check(name, args)) ?? method(...args)];
  });
  return { ...target, ...Object.fromEntries(entries) } as T;
}

/** A rejection instead of a throw; undefined where nothing is thrown. */
function attempt(work: () => void): Promise<never> | undefined {
  try {
    work();
  } catch (error) {
    return Promise.reject(error instanceof Error ? error : new Error(String(error)));
  }
}
