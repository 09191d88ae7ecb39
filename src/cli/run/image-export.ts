import { exportImage } from "../../image/export.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const [reference = "", file = ""] = args;
  const store = openStore(context.host, context.paths.dataDir);
  exportImage({ host: context.host, store }, store.find(reference), file, { overwrite: options.flag("overwrite") });
  return 0;
}
