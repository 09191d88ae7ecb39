import { withApplyLock } from "../../apply/apply-lock.ts";
import { judgeAll } from "../../apply/judge.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { reportDecisions } from "../decisions.ts";

export async function run(context: Context): Promise<number> {
  return await withApplyContext(context, (apply) =>
    withApplyLock(
      apply,
      async () => {
        reportDecisions(context, await judgeAll(apply));
        return 0;
      },
      // Who only judges has no other time: without it no pod starts.
      10,
    ),
  );
}
