import { configLevels } from "../config/config-levels.ts";
import { loadConfig } from "../config/load-config.ts";
import type { FindAuth } from "../image/source/source.ts";
import { type Said, settingsOf } from "../spec/merge-config.ts";
import type { ConfigDirectory } from "../spec/setting.ts";
import type { Context } from "./context.ts";

/** What the files of one directory say, all levels merged; a word about files that everybody can read goes to standard error. */
export function readConfig(context: Context, directory: ConfigDirectory): readonly Said[] {
  const warn = (sentence: string): void => context.stderr.write(`${sentence}\n`);
  return loadConfig(context.host, directory, { levels: configLevels(context.host, context.paths), warn });
}

/** The credentials of auth.d, read when the first download asks. */
export function openCredentials(context: Context): FindAuth {
  let auth: ReturnType<typeof settingsOf<"auth">> | undefined;
  return (host) => {
    auth ??= settingsOf(readConfig(context, "auth.d"), "auth");
    return auth.find(({ setting }) => setting.domain === host)?.setting.auth;
  };
}
