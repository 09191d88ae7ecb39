import { withApplyLock } from "../../apply/apply-lock.ts";
import { finishChanges } from "../../apply/finish.ts";
import { removePod } from "../../apply/withdraw.ts";
import { findNamedPod } from "../../pod/find.ts";
import { queueEvent } from "../../journal/events.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { forEachArgument } from "../for-each.ts";

export async function run(context: Context, args: readonly string[]): Promise<number> {
  return await withApplyContext(context, (apply) =>
    withApplyLock(apply, async () => {
      await finishChanges(apply);
      return await forEachArgument({ context, command: "pod rm" }, args, async (text) => {
        const pod = findNamedPod(apply.host, apply.dirs, text);
        await removePod(apply, pod);
        queueEvent({ name: "removed", podUuid: pod.uuid, podName: pod.name, text: `Removed pod ${pod.name}` });
        context.stdout.write(`"${pod.uuid}"\n`);
      });
    }),
  );
}
