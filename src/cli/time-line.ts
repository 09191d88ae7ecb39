import { unitOf } from "../pod/pod.ts";
import { readGroupStart, readProcessStart } from "../pod/process-start.ts";
import { appGroups } from "../pod/usage.ts";
import type { Bus } from "../dbus/bus.ts";
import { readStartTimes } from "../systemd/start-times.ts";
import type { Context } from "./context.ts";
import type { PodView } from "./pod-view.ts";

/** A step of a pod's start. */
export interface StartStep {
  /** "systemd", "engine", "pod" (its PID 1), "app-NAME" (its oldest process), "ready". */
  readonly step: string;
  /** Milliseconds since systemd began with the unit. */
  readonly ms: number;
}

/** How far the last start came and when, as far as PID 1 remembers; of the processes, what still runs. */
export async function readTimeLine(context: Context, bus: Bus, view: PodView, leader: number | undefined): Promise<readonly StartStep[]> {
  const { host } = context;
  const times = await readStartTimes(bus, unitOf(host, view.pod));
  const { began, controlGroup } = times;
  if (began === undefined) return [];
  const groupsOf = (app: string): readonly string[] => (view.isMachine ? appGroups(controlGroup, app) : [controlGroup]);
  const startOf = (app: string): number | undefined =>
    controlGroup === ""
      ? undefined
      : groupsOf(app).reduce<number | undefined>((found, group) => found ?? readGroupStart(host, group), undefined);
  const steps: readonly (readonly [string, number | undefined])[] = [
    ["systemd", began],
    ["engine", engineStart(view, began)],
    ...(view.isMachine && leader !== undefined ? [["pod", readProcessStart(host, leader)] as const] : []),
    ...view.apps.map(({ app }) => [`app-${app.name}`, startOf(app.name)] as const),
    ["ready", times.ready],
  ];
  // The clocks of processes are coarser than systemd's.
  return steps.flatMap(([step, at]) => (at === undefined ? [] : [{ step, ms: Math.max(0, Math.round(at - began)) }]));
}

/** When the start's script became the engine; its process is older. undefined: not yet. */
function engineStart({ started }: PodView, began: number): number | undefined {
  return started === undefined || started.startedAt < began ? undefined : started.startedAt;
}

export function formatTimeLine(steps: readonly StartStep[]): string {
  return steps.map(({ step, ms }) => `${step} ${ms} ms`).join(", ");
}
