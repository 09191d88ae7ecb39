import type { ApplyContext } from "../apply/context.ts";
import { attachedDirectory } from "../apply/settle.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { DEFAULT_PATHS } from "../config/paths.ts";
import { openStore } from "../store/store.ts";
import { connectPid1 } from "../systemd/connect.ts";
import { isBooted } from "../systemd/is-booted.ts";
import type { Manager } from "../systemd/manager.ts";
import { openManager } from "../systemd/manager.ts";
import { openKeystore } from "../trust/keystore.ts";
import type { Context } from "./context.ts";
import { dirsOf } from "./pod-view.ts";

/** Runs an action with what the functions of `apply` need; the connection to PID 1 is closed at its end. */
export async function withApplyContext<Result>(context: Context, action: (apply: ApplyContext) => Promise<Result>): Promise<Result> {
  if (context.paths.dataDir !== DEFAULT_PATHS.dataDir) {
    throw new RktError(
      "data-dir",
      `Cannot manage named pods below ${quoteText(context.paths.dataDir)}: their units know ${DEFAULT_PATHS.dataDir} only`,
      { hint: "Leave --dir out" },
    );
  }
  const manager = await openSystemd(context);
  try {
    return await action({
      host: context.host,
      paths: context.paths,
      dirs: dirsOf(context),
      store: openStore(context.host, context.paths.dataDir),
      keystore: openKeystore(context.host, { system: `${context.paths.libDir}/trustedkeys`, local: `${context.paths.etcDir}/trustedkeys` }),
      engines: await context.engines(),
      version: context.version,
      unitDirectory: attachedDirectory,
      manager,
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
