import type { ApplyContext } from "../apply/context.ts";
import { attachedDirectory } from "../apply/settle.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { assertDataDirectory } from "../config/data-directory.ts";
import { DEFAULT_PATHS, isHostData } from "../config/paths.ts";
import { openStore } from "../store/store.ts";
import { connectPid1 } from "../systemd/connect.ts";
import { isBooted } from "../systemd/is-booted.ts";
import type { Manager } from "../systemd/manager.ts";
import { openManager } from "../systemd/manager.ts";
import { readConfig } from "./configuration.ts";
import type { Context } from "./context.ts";
import { dirsOf } from "./pod-view.ts";
import { openTrustedKeys } from "./trusted-keys.ts";

/** Runs an action with what the functions of `apply` need; the connection to PID 1 is closed at its end. */
export async function withApplyContext<Result>(context: Context, action: (apply: ApplyContext) => Promise<Result>): Promise<Result> {
  const { dataDir, hostDataDir = DEFAULT_PATHS.dataDir } = context.paths;
  if (!isHostData(context.paths)) {
    throw new RktError("data-dir", `Cannot manage pods below ${quoteText(dataDir)}: the pods of this host live in ${hostDataDir}`, {
      hint: "Leave --dir out; paths.d below /etc/rkt moves all pods, see rkt-config(5)",
    });
  }
  if (dataDir !== DEFAULT_PATHS.dataDir) assertDataDirectory(context.host, dataDir);
  const manager = await openSystemd(context);
  try {
    return await action({
      host: context.host,
      paths: context.paths,
      dirs: dirsOf(context),
      store: openStore(context.host, context.paths.dataDir),
      keystore: openTrustedKeys(context),
      engines: await context.engines(),
      version: context.version,
      unitDirectory: attachedDirectory,
      manager,
      stage1Config: () => readConfig(context, "stage1.d"),
      say: (line) => context.stderr.write(`${line}\n`),
    });
  } finally {
    manager?.close();
  }
}

/** undefined where systemd is not PID 1: units are written all the same, there is nobody to tell. */
async function openSystemd(context: Context): Promise<Manager | undefined> {
  return isBooted(context.host) ? openManager(await connectPid1()) : undefined;
}
