import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier } from "../base/id.ts";
import { configLevels } from "../config/config-levels.ts";
import { stage1ImagesDirectory } from "../config/stage1-images.ts";
import { settingsOf } from "../spec/merge-config.ts";
import { builtInEngine } from "../spec/stage1-name.ts";
import { openStore } from "../store/store.ts";
import { readConfig } from "./configuration.ts";
import type { Context } from "./context.ts";

/**
 * The stage1 that stage1.d says for pods of the command line, as `Stage1=` takes it, in the original's order: the image of that name and
 * version if the store has it, else the one at the location, else what is part of rkt. Throws `stage1-unknown`, `stage1-location`.
 */
export function configuredStage1(context: Context): string | undefined {
  const stage1 = settingsOf(readConfig(context, "stage1.d"), "stage1");
  for (const { setting } of stage1) {
    if (setting.field !== "name") continue;
    const version = { name: parseAcIdentifier("version"), value: setting.version };
    const [image] = openStore(context.host, context.paths.dataDir).findAll({
      kind: "name",
      name: parseAcIdentifier(setting.name),
      labels: [version],
    });
    if (image !== undefined) return image.id;
  }
  for (const { setting, path } of stage1) if (setting.field === "location") return readLocation(setting.location, path);
  for (const { setting, path } of stage1) if (setting.field === "name") return readBuiltIn(setting, path);
  return undefined;
}

/** Where --stage1-from-dir looks. */
export function stage1Directory(context: Context): string {
  return stage1ImagesDirectory(context.host, context.paths, configLevels(context.host, context.paths));
}

function readLocation(location: string, path: string): string {
  if (!location.startsWith("docker:")) return location;
  throw new RktError(
    "stage1-location",
    `Cannot use stage1 ${quoteText(location)}, which ${quoteText(path)} names: rkt reads no images of registries yet`,
    {
      hint: `Take "location" out of the file, or choose a stage1 with --stage1-name`,
    },
  );
}

function readBuiltIn({ name, version }: { readonly name: string; readonly version: string }, path: string): string {
  const engine = builtInEngine(name);
  if (engine !== undefined) return engine;
  throw new RktError(
    "stage1-unknown",
    `Cannot use stage1 ${quoteText(`${name}:${version}`)}, which ${quoteText(path)} names: the store has no such image`,
    {
      hint: `Fetch it with "rkt fetch", or say its "location" in the file`,
    },
  );
}
