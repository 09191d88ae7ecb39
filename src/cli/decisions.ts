import type { Decision } from "../apply/judge.ts";
import { queueEvent } from "../journal/events.ts";
import type { Context } from "./context.ts";

/** Says which pods may not start any more, and which may again; the journal gets each change of mind. */
export function reportDecisions(context: Context, decisions: readonly Decision[]): void {
  for (const { pod, refusal, changed } of decisions) {
    if (refusal === undefined) continue;
    context.stderr.write(`${refusal.message}\n`);
    if (refusal.hint !== undefined) context.stderr.write(`  ${refusal.hint}\n`);
    if (changed) queueEvent({ name: "refused", podUuid: pod.uuid, podName: pod.name, text: refusal.message });
  }
}
