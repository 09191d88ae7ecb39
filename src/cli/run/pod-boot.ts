import { withApplyLock } from "../../apply/apply-lock.ts";
import { finishChanges } from "../../apply/finish.ts";
import { resetAtBoot, sweepPods } from "../../apply/sweep.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { reportDecisions } from "../decisions.ts";

/** Before any pod or socket starts: half-written sets are rolled forward, leftovers put aside, verdicts made. */
export async function run(context: Context): Promise<number> {
  return await withApplyContext(context, (apply) =>
    withApplyLock(apply, async () => {
      resetAtBoot(apply.host, apply.dirs);
      sweepPods(apply.host, apply.dirs);
      reportDecisions(context, await finishChanges(apply));
      return 0;
    }),
  );
}
