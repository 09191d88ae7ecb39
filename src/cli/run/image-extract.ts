import { extractTree } from "../../image/write-tree.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { withImageTree } from "../image-tree.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  return await withImageTree(context, { args, options }, extractTree);
}
