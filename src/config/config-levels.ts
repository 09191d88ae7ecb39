import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { ConfigDirectory } from "../spec/setting.ts";
import { DEFAULT_PATHS, type Paths } from "./paths.ts";
import type { OwnerOptions } from "./trusted-dirs.ts";

const MOST_FILES = 1000;

/** A place with directories auth.d, paths.d and stage1.d, and who may own its files. */
export interface ConfigLevel extends OwnerOptions {
  readonly directory: string;
}

/** Lowest first. A user's own files may be his; those of root's commands are root's in any case. */
export function configLevels(host: Pick<Host, "uid">, paths: Pick<Paths, "libDir" | "etcDir" | "userDir">): readonly ConfigLevel[] {
  return [...hostLevels(paths), ...(paths.userDir === undefined ? [] : [{ directory: paths.userDir, uid: host.uid }])];
}

/** Those that count for everybody on this host. */
export function hostLevels(paths: Pick<Paths, "libDir" | "etcDir">): readonly ConfigLevel[] {
  return [{ directory: paths.libDir }, { directory: paths.etcDir }];
}

/** Files `*.json`, sorted, without hidden ones. Cheap where there are none: commands that must be fast ask this first. */
export function listConfigFiles(host: Host, level: ConfigLevel, directory: ConfigDirectory): string[] {
  const parent = `${level.directory}/${directory}`;
  const names = listDirectory(host, parent).filter((name) => name.endsWith(".json") && !name.startsWith("."));
  if (names.length > MOST_FILES) {
    throw new RktError("config-invalid", `Cannot use ${quoteText(parent)}: it has more than ${MOST_FILES} files`);
  }
  return names.map((name) => `${parent}/${name}`);
}

/** What it says cannot be left out, where the caller may not read it: data might lie elsewhere than it seems. */
function listDirectory(host: Host, path: string): string[] {
  try {
    return host.files.tryList(path);
  } catch (error) {
    if (errno(error) !== "EACCES") throw error;
    throw new RktError("config-unreadable", `Cannot read the configuration in ${quoteText(path)}: permission denied`, {
      cause: error,
      hint: path.endsWith("/auth.d") ? "Run rkt as root" : `Run rkt as root, or let everybody list it: "chmod a+rx ${path}"`,
    });
  }
}

/** Whether any file of this kind is there, for these paths or for the host: what reads them need not be loaded else. */
export function hasConfig(host: Host, paths: Paths, directory: ConfigDirectory): boolean {
  const directories = new Set([...configLevels(host, paths), ...hostLevels(DEFAULT_PATHS)].map((level) => level.directory));
  return [...directories].some((parent) => listConfigFiles(host, { directory: parent }, directory).length > 0);
}
