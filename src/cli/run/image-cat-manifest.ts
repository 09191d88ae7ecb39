import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson } from "../output/json.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const image = openStore(context.host, context.paths.dataDir).find(args[0] ?? "");
  context.stdout.write(formatJson(image.manifest, options.flag("pretty-print") ? "json-pretty" : "json"));
  return 0;
}
