import { diskFull, ownRemedy } from "../../base/disk-full.ts";
import { errno } from "../../base/error.ts";
import type { Host } from "../../host/host.ts";
import type { EquipOptions } from "../../pod/engine.ts";

/** Where things that machines are made of come from. */
export interface Workshop {
  readonly host: Host;
  /** Path of a thing of this name; `make` writes it to the path that it gets, unless it is there. Throws `disk-full`. */
  provide(name: string, make: (draft: string) => void): string;
}

export function createWorkshop(host: Host, { dataDir, dryRun }: Pick<EquipOptions, "dataDir" | "dryRun">): Workshop {
  const directory = `${dataDir}/vm`;
  return {
    host,
    provide(name, make) {
      const path = `${directory}/${name}`;
      if (dryRun || isRenewed(host, path)) return path;
      try {
        // Images hold whatever files of theirs root alone may reach.
        host.files.mkdir(directory, { recursive: true, mode: 0o700 });
        makeWhole(host, { directory, name, make });
      } catch (error) {
        const place = host.files.exists(directory) ? directory : dataDir;
        throw diskFull(error, "Cannot make a virtual machine", { place, remedy: ownRemedy }) ?? error;
      }
      return path;
    },
  };
}

interface Making {
  readonly directory: string;
  readonly name: string;
  readonly make: (draft: string) => void;
}

function makeWhole(host: Host, { directory, name, make }: Making): void {
  const draft = `${directory}/.new-${name}-${host.random(6).toString("hex")}`;
  try {
    make(draft);
    host.files.sync(draft);
    host.files.rename(draft, `${directory}/${name}`);
    host.files.sync(directory);
  } finally {
    host.files.removeTree(draft);
  }
}

/** What is there is used from now on: its new time of change keeps it from being swept before a pod names it. */
function isRenewed(host: Host, path: string): boolean {
  try {
    host.files.chmod(path, 0o644);
    return true;
  } catch (error) {
    if (errno(error) === "ENOENT") return false;
    throw error;
  }
}

/** Uncompressed: a guest reads it where the host has it in memory. */
export function makeErofs(host: Host, file: string, tree: string, options: readonly string[]): void {
  host.programs.run(["mkfs.erofs", "--quiet", "-U", "00000000-0000-0000-0000-000000000000", ...options, file, tree], { timeout: 600_000 });
  host.files.chmod(file, 0o644);
}
