import { openMachined } from "../../machined/machined.ts";
import { messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { serviceUnitOf } from "../pod/paths.ts";
import { connectSystem } from "../systemd/connect.ts";
import { findNamed } from "./apply-pod.ts";
import type { ApplyContext } from "./context.ts";
import type { PodPlan } from "./plan-pod.ts";

/**
 * Refuses a pod whose machine name somebody else's machine has: it could never start. Asked when a pod is applied for the first
 * time, which is when it gets its name. Where nobody can be asked, the start will tell.
 */
export async function assertMachineNameFree(context: ApplyContext, plan: PodPlan): Promise<void> {
  const { machine } = plan;
  if (machine === undefined || context.manager === undefined || findNamed(context, plan)?.commit.generation !== undefined) return;
  const unit = await unitOfMachine(context, machine);
  if (unit === undefined || unit === serviceUnitOf(plan.name)) return;
  throw new RktError(
    "machine-taken",
    `Cannot apply pod ${quoteText(plan.name)}: a machine ${quoteText(machine)} runs already, in ${unit}`,
    {
      hint: `See "machinectl status ${machine}"; choose another UUID=, or let rkt make one`,
    },
  );
}

async function unitOfMachine(context: ApplyContext, name: string): Promise<string | undefined> {
  try {
    const bus = await connectSystem(context.host);
    try {
      const properties = await openMachined(bus).properties(name);
      return properties === undefined ? undefined : properties.unit;
    } finally {
      bus.close();
    }
  } catch (error) {
    context.say(`Cannot ask whether machine ${name} exists: ${messageOf(error)}`);
    return undefined;
  }
}
