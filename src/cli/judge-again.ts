import { withApplyLock } from "../apply/apply-lock.ts";
import { judgeAll } from "../apply/judge.ts";
import { isHostData } from "../config/paths.ts";
import { listNamedPods } from "../pod/named.ts";
import { withApplyContext } from "./apply-context.ts";
import type { Context } from "./context.ts";
import { reportDecisions } from "./decisions.ts";
import { dirsOf } from "./pod-view.ts";

/** Makes the verdicts of all applied pods anew, because the trusted keys have changed, and says which pods that stops from starting. */
export async function judgeAgain(context: Context): Promise<void> {
  let unreadable = false;
  const pods = listNamedPods(context.host, dirsOf(context), () => (unreadable = true));
  // Named pods live in the host's directory. Without a pod there is nothing to decide, and nobody to ask for it.
  if (!isHostData(context.paths) || (pods.length === 0 && !unreadable)) return;
  await withApplyContext(context, (apply) => withApplyLock(apply, async () => reportDecisions(context, await judgeAll(apply))));
}
