import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import { settingsOf } from "../spec/merge-config.ts";
import { type ConfigLevel, configLevels, hostLevels } from "./config-levels.ts";
import { loadConfig } from "./load-config.ts";
import { DEFAULT_PATHS, type Paths } from "./paths.ts";
import { assertRootOwned } from "./trusted-dirs.ts";

/** The paths with the data directory of paths.d, unless `--dir` was given, and with that of the host's own configuration. */
export function configureDataDirectory(host: Host, paths: Paths, isGiven: boolean): Paths {
  const hostDataDir = readDataDirectory(host, hostLevels(DEFAULT_PATHS));
  const dataDir = isGiven ? paths.dataDir : readDataDirectory(host, configLevels(host, paths));
  return { ...paths, dataDir, hostDataDir };
}

/** Without links, as that of `--dir`. */
function readDataDirectory(host: Host, levels: readonly ConfigLevel[]): string {
  const data = settingsOf(loadConfig(host, "paths.d", { levels }), "paths").find(({ setting }) => setting.field === "data");
  const path = data?.setting.path ?? DEFAULT_PATHS.dataDir;
  return host.files.exists(path) ? host.files.realPath(path) : path;
}

/** Pods start from what lies there: it has to be root's, and there. The package makes the default one only. */
export function assertDataDirectory(host: Host, path: string): void {
  try {
    assertRootOwned(host, path);
  } catch (error) {
    if (errno(error) !== "ENOENT") throw error;
    throw new RktError("data-dir", `Cannot use data directory ${quoteText(path)}, which paths.d names: it is missing`, {
      hint: `"install -d -m 2750 -g rkt ${path}" makes it`,
      cause: error,
    });
  }
}
