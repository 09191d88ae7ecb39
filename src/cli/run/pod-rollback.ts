import { withApplyLock } from "../../apply/apply-lock.ts";
import { finishChanges } from "../../apply/finish.ts";
import { rollBack } from "../../apply/withdraw.ts";
import { findNamedPod } from "../../pod/find.ts";
import { serviceUnitOf } from "../../pod/paths.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { reportDecisions } from "../decisions.ts";

export async function run(context: Context, [name = ""]: readonly string[]): Promise<number> {
  return await withApplyContext(context, (apply) =>
    withApplyLock(apply, async () => {
      await finishChanges(apply);
      const pod = findNamedPod(apply.host, apply.dirs, name);
      const record = rollBack(apply, pod);
      const decisions = await finishChanges(apply);
      context.stdout.write(
        `${pod.name}: back at generation ${record.generation?.slice(0, 12)} (was ${pod.commit.generation?.slice(0, 12) ?? "not applied"})\n`,
      );
      context.stdout.write(`  run it with: systemctl restart ${serviceUnitOf(pod.name)}\n`);
      reportDecisions(context, decisions);
      return decisions.some((decision) => decision.pod.uuid === pod.uuid && decision.refusal !== undefined) ? 254 : 0;
    }),
  );
}
