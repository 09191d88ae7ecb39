import { openMachined } from "../../machined/machined.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { machineNameOf } from "../base/id.ts";
import type { StartedRun } from "../pod/named.ts";
import { labelOf, unitOf } from "../pod/pod.ts";
import { connectSystem } from "../systemd/connect.ts";
import type { Context } from "./context.ts";
import { type AppView, type PodView, viewOne } from "./pod-view.ts";

export type RunningPod = PodView & { readonly started: StartedRun };

/** What is to be done, for messages. */
export type Verb = "enter" | "attach to";

/** The pod that an argument names. Throws `pod-not-running`. */
export function viewRunning(context: Context, name: string, verb: Verb): RunningPod {
  const view = viewOne(context, name);
  const { generation, startedAt } = view.started ?? {};
  if (view.state === "running" && generation !== undefined && startedAt !== undefined)
    return { ...view, started: { generation, startedAt } };
  throw new RktError("pod-not-running", `Cannot ${verb} pod ${quoteText(labelOf(view.pod))}: it does not run`, {
    hint: `Its unit is ${unitOf(context.host, view.pod)}`,
  });
}

/** The one that `--app` names, or the only one. Throws `app-unknown`. */
export function chooseApp(view: PodView, wanted: string | undefined, verb: Verb): AppView {
  const names = view.apps.map(({ app }) => app.name).join(", ");
  const found = wanted === undefined && view.apps.length === 1 ? view.apps[0] : view.apps.find(({ app }) => app.name === wanted);
  if (found !== undefined) return found;
  const reason = wanted === undefined ? `pod contains multiple apps: ${names}` : `the pod has no app ${quoteText(wanted)}`;
  throw new RktError("app-unknown", `Cannot ${verb} pod ${quoteText(labelOf(view.pod))}: ${reason}`, {
    hint: `Choose one with --app: ${names}`,
  });
}

/** The pod's PID 1, as the host numbers it. Throws `pod-not-registered`. */
export async function findLeader(context: Context, view: PodView, verb: Verb): Promise<number> {
  const bus = await connectSystem(context.host);
  try {
    const machine = await openMachined(bus).properties(machineNameOf(view.pod.uuid));
    if (machine !== undefined) return machine.leader;
    throw new RktError("pod-not-registered", `Cannot ${verb} pod ${quoteText(labelOf(view.pod))}: systemd-machined does not know it`, {
      hint: "It is starting or ending",
    });
  } finally {
    bus.close();
  }
}
