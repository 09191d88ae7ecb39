import { dirname } from "node:path";
import type { Host } from "../host/host.ts";
import { settingsOf } from "../spec/merge-config.ts";
import { type ConfigLevel, hostLevels } from "./config-levels.ts";
import { loadConfig } from "./load-config.ts";
import type { Paths } from "./paths.ts";
import { assertRootOwned } from "./trusted-dirs.ts";

/** The directory of stage1's images: what paths.d says at these levels, else that of the package. */
export function stage1ImagesDirectory(host: Host, paths: Pick<Paths, "libDir">, levels: readonly ConfigLevel[]): string {
  const said = settingsOf(loadConfig(host, "paths.d", { levels }), "paths").find(({ setting }) => setting.field === "stage1-images");
  return said?.setting.path ?? `${paths.libDir}/stage1-images`;
}

/**
 * Is this a file of the host's directory of stage1's images? Such an image needs no signature: root put it there. A user's own configuration
 * does not count. Throws `not-root-owned` where others could have put it there.
 */
export function isStage1File(host: Host, paths: Pick<Paths, "libDir" | "etcDir">, path: string): boolean {
  if (dirname(path) !== stage1ImagesDirectory(host, paths, hostLevels(paths)) || !host.files.exists(path)) return false;
  assertRootOwned(host, path);
  return true;
}
