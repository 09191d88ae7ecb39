import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parsePodName, type PodName } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import { decodeUnitFile, MAX_UNIT_FILE } from "../unit/parse.ts";
import { assertRootOwned, type OwnerOptions } from "./trusted-dirs.ts";

/** A pod's file and drop-ins, in the order in which they merge. */
export interface DeclarationSource {
  readonly name: PodName;
  readonly files: readonly { readonly path: string; readonly text: string }[];
}

export interface FoundDeclarations {
  /** Sorted by name. */
  readonly declarations: readonly DeclarationSource[];
  /** What cannot be read, is not root's, or is asked for by name and missing. */
  readonly problems: readonly { readonly name: PodName; readonly error: RktError }[];
  /** Declared away by an empty file or a link to /dev/null. */
  readonly masked: readonly PodName[];
}

export interface FindOptions extends OwnerOptions {
  /** `podFileDirectories(paths)`: the first wins. */
  readonly directories: readonly string[];
  /** Only these; otherwise all. */
  readonly names?: readonly PodName[];
}

/** Reads the declared pods of a host. Never throws for one pod's sake: the others are found all the same. */
export function findDeclarations(host: Host, options: FindOptions): FoundDeclarations {
  const declarations: DeclarationSource[] = [];
  const problems: { name: PodName; error: RktError }[] = [];
  const masked: PodName[] = [];
  for (const name of options.names ?? listNames(host, options.directories, problems)) {
    try {
      const files = readFiles(host, name, options);
      if (files === undefined) masked.push(name);
      else declarations.push({ name, files });
    } catch (error) {
      problems.push({ name, error: toRktError(error, name) });
    }
  }
  const unmasked = options.names === undefined ? [] : masked.map((name) => ({ name, error: maskedError(name) }));
  return { declarations, problems: [...problems, ...unmasked], masked };
}

/** A `.pod` file that stands anywhere, without drop-ins: `rkt pod verify FILE`. The name is the file's. */
export function readDeclarationFile(host: Host, path: string): DeclarationSource {
  const base = path.slice(path.lastIndexOf("/") + 1);
  if (!base.endsWith(".pod")) throw new RktError("pod-file-name", `Cannot read ${quoteText(path)}: a pod's file is called NAME.pod`);
  const name = parsePodName(base.slice(0, -4));
  if (!host.files.exists(path)) throw new RktError("pod-file-unreadable", `Cannot read ${quoteText(path)}: there is no such file`);
  try {
    return { name, files: [readChecked(host, path)] };
  } catch (error) {
    throw toRktError(error, name);
  }
}

function listNames(host: Host, directories: readonly string[], problems: { name: PodName; error: RktError }[]): PodName[] {
  const names = directories.flatMap((directory) => listVisible(host, directory, ".pod"));
  return [...new Set(names)].sort().flatMap((file) => {
    const text = file.slice(0, -4);
    try {
      return [parsePodName(text)];
    } catch (error) {
      // Not a pod's name, but the only one by which its file can be told.
      problems.push({ name: text as PodName, error: toRktError(error, text) });
      return [];
    }
  });
}

/** The file and its drop-ins, or undefined when the pod is masked. */
function readFiles(host: Host, name: PodName, options: FindOptions): { path: string; text: string }[] | undefined {
  const path = options.directories
    .map((directory) => `${directory}/${name}.pod`)
    .find((candidate) => host.files.tryLstat(candidate) !== undefined);
  if (path === undefined) {
    throw new RktError("pod-not-declared", `Cannot find a declaration of pod ${quoteText(name)}`, {
      hint: `Write ${options.directories[0]}/${name}.pod`,
    });
  }
  if (isMask(host, path, options)) return undefined;
  const dropIns = listDropIns(host, name, options.directories).filter((dropIn) => !isMask(host, dropIn, options));
  return [path, ...dropIns].map((file) => readTrusted(host, file, options));
}

function listDropIns(host: Host, name: PodName, directories: readonly string[]): string[] {
  const byName = new Map<string, string>();
  for (const directory of directories.map((parent) => `${parent}/${name}.pod.d`)) {
    for (const file of listVisible(host, directory, ".conf")) {
      if (!byName.has(file)) byName.set(file, `${directory}/${file}`);
    }
  }
  return [...byName].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, path]) => path);
}

/** Without those whose names begin with a dot: an editor's lock, a file that is not whole yet. */
function listVisible(host: Host, directory: string, ending: string): string[] {
  return host.files.tryList(directory).filter((file) => file.endsWith(ending) && !file.startsWith("."));
}

/** Also a mask must be root's: it takes a pod away. */
function isMask(host: Host, path: string, options: FindOptions): boolean {
  const stat = host.files.tryLstat(path);
  const isNull = stat?.type === "symlink" && host.files.readLink(path) === "/dev/null";
  if (!isNull && host.files.tryStat(path)?.size !== 0) return false;
  assertRootOwned(host, isNull ? path.slice(0, path.lastIndexOf("/")) : path, options);
  return true;
}

function readTrusted(host: Host, path: string, options: FindOptions): { path: string; text: string } {
  const resolved = assertRootOwned(host, path, options);
  return { path, text: readChecked(host, resolved).text };
}

function readChecked(host: Host, path: string): { path: string; text: string } {
  const stat = host.files.stat(path);
  if (stat.type !== "file") throw new RktError("pod-file-invalid", `Cannot read ${quoteText(path)}: it is no regular file`);
  if (stat.size > MAX_UNIT_FILE) throw new RktError("pod-file-invalid", `Cannot read ${quoteText(path)}: it is larger than 1 MiB`);
  return { path, text: decodeUnitFile(host.files.read(path), path) };
}

function maskedError(name: PodName): RktError {
  return new RktError("pod-masked", `Cannot use pod ${quoteText(name)}: it is masked by an empty file or a link to /dev/null`);
}

function toRktError(error: unknown, name: string): RktError {
  if (error instanceof RktError) return error;
  if (errno(error) === undefined) throw error;
  return new RktError("pod-file-unreadable", `Cannot read the declaration of pod ${quoteText(name)}: ${(error as Error).message}`, {
    cause: error,
  });
}
