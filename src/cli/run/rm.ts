import { withApplyLock } from "../../apply/apply-lock.ts";
import { finishChanges } from "../../apply/finish.ts";
import { removePod } from "../../apply/withdraw.ts";
import { removeAdHoc } from "../../apply/collect.ts";
import { labelOf } from "../../pod/pod.ts";
import { isNamed } from "../../pod/named.ts";
import { findPod } from "../../pod/find.ts";
import { queueEvent } from "../../journal/events.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { podArguments } from "../pod-argument.ts";
import { forEachArgument } from "../for-each.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  return await withApplyContext(context, (apply) =>
    withApplyLock(apply, async () => {
      await finishChanges(apply);
      return await forEachArgument({ context, command: "rm" }, podArguments(context, args, options), async (text) => {
        const pod = findPod(apply.host, apply.dirs, text);
        if (isNamed(pod)) await removePod(apply, pod);
        else await removeAdHoc(apply, pod);
        const label = labelOf(pod);
        queueEvent({
          name: "removed",
          podUuid: pod.uuid,
          ...(pod.name === undefined ? {} : { podName: pod.name }),
          text: `Removed pod ${label}`,
        });
        context.stdout.write(`"${pod.uuid}"\n`);
      });
    }),
  );
}
