import { errno, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { FileStat, Host } from "../host/host.ts";
import { mergeConfig, type Said } from "../spec/merge-config.ts";
import { MAX_CONFIG_FILE, parseConfig } from "../spec/parse-config.ts";
import type { ConfigDirectory } from "../spec/setting.ts";
import { type ConfigLevel, listConfigFiles } from "./config-levels.ts";
import { assertRootOwned } from "./trusted-dirs.ts";

export interface ConfigRequest {
  /** Lowest first: `configLevels(host, paths)`. */
  readonly levels: readonly ConfigLevel[];
  /** Called with a sentence about a file that is used all the same. */
  readonly warn?: (sentence: string) => void;
}

/** Reads one kind of directory on all levels. Throws `config-invalid`, `config-twice`, `config-unreadable`, `not-root-owned`. */
export function loadConfig(host: Host, directory: ConfigDirectory, { levels, warn }: ConfigRequest): readonly Said[] {
  return mergeConfig(
    levels.map((level) =>
      listConfigFiles(host, level, directory).flatMap((path) => {
        const file = readFile(host, path, level);
        if (file === undefined) return [];
        const settings = parseConfig(file.bytes, path, directory);
        const isSecret = settings.some(({ kind }) => kind === "auth" || kind === "dockerAuth");
        if (isSecret && (file.stat.mode & 0o004) !== 0) warn?.(openSentence(path));
        return settings.map((setting) => ({ setting, path }));
      }),
    ),
  );
}

/** undefined for what is no regular file, such as a directory. A link counts as what it leads to. */
function readFile(host: Host, path: string, level: ConfigLevel): { readonly bytes: Buffer; readonly stat: FileStat } | undefined {
  try {
    const stat = host.files.stat(path);
    if (stat.type !== "file") return undefined;
    const resolved = assertRootOwned(host, path, level);
    if (stat.size > MAX_CONFIG_FILE) {
      throw new RktError("config-invalid", `Cannot use ${quoteText(path)}: it is larger than ${MAX_CONFIG_FILE / 1024} KiB`);
    }
    return { bytes: host.files.read(resolved), stat };
  } catch (error) {
    if (error instanceof RktError || errno(error) === undefined) throw error;
    throw unreadable(path, error);
  }
}

function unreadable(path: string, error: unknown): RktError {
  const denied = errno(error) === "EACCES";
  const reason = denied ? "permission denied" : errno(error) === "ENOENT" ? "it leads to nothing" : (error as Error).message;
  return new RktError("config-unreadable", `Cannot read ${quoteText(path)}: ${reason}`, {
    cause: error,
    ...(denied ? { hint: "Only its owner and group may; run rkt as root" } : {}),
  });
}

function openSentence(path: string): string {
  return `warning: everybody can read the credentials in ${quoteText(path)}; "chmod 0600" on it keeps them`;
}
