import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { labelOf } from "../../pod/pod.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson } from "../output/json.ts";
import { podArgument } from "../pod-argument.ts";
import { viewOne } from "../pod-view.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const view = viewOne(context, podArgument(context, args, options));
  if (view.manifest === undefined) {
    throw new RktError("pod-not-applied", `Cannot print the manifest of pod ${quoteText(labelOf(view.pod))}: it was never applied`, {
      hint: `Apply it with "rkt pod apply ${labelOf(view.pod)}"`,
    });
  }
  context.stdout.write(formatJson(view.manifest, options.flag("pretty-print") ? "json-pretty" : "json"));
  return 0;
}
