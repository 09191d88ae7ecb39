import { withApplyLock } from "../../apply/apply-lock.ts";
import { finishChanges } from "../../apply/finish.ts";
import { resetAtBoot, sweepPods } from "../../apply/sweep.ts";
import type { RktError } from "../../base/error.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { reportDecisions } from "../decisions.ts";

/** Before any pod or socket starts: half-written sets are rolled forward, leftovers put aside, verdicts made. */
export async function run(context: Context): Promise<number> {
  return await withApplyContext(context, (apply) =>
    withApplyLock(apply, async () => {
      // Verdicts are made whatever cannot be removed.
      const fail = (error: RktError): void => apply.say(error.message);
      resetAtBoot(apply.host, apply.dirs, fail);
      sweepPods(apply.host, apply.dirs, fail);
      reportDecisions(context, await finishChanges(apply));
      return 0;
    }),
  );
}
