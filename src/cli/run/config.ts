import { formatConfig } from "../../spec/format-config.ts";
import { CONFIG_DIRECTORIES, type ConfigDirectory } from "../../spec/setting.ts";
import { readConfig } from "../configuration.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson } from "../output/json.ts";

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const directories = Object.keys(CONFIG_DIRECTORIES) as ConfigDirectory[];
  const config = formatConfig(directories.flatMap((directory) => readConfig(context, directory)));
  context.stdout.write(formatJson(config, options.flag("pretty-print") ? "json-pretty" : "json"));
  return 0;
}
