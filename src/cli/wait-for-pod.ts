import { setTimeout as pause } from "node:timers/promises";
import { unitOf } from "../pod/pod.ts";
import { connectSystem } from "../systemd/connect.ts";
import { type Manager, openManager } from "../systemd/manager.ts";
import type { Context } from "./context.ts";
import { type PodView, viewOne } from "./pod-view.ts";

/** Milliseconds between two looks at a pod that has no unit yet, which nothing tells of; the original's. */
const interval = 100;
/** The same for an ad-hoc one whose unit tells nothing: it is not there yet, or not any more. */
const round = 1000;

/** How long to wait, as `parseWait` reads it: 0 = not, undefined = for ever. */
export interface PodWait {
  readonly ready: number | undefined;
  readonly end: number | undefined;
}

/** Returns when the pod is ready or cannot become so any more, then when it has ended, or when the time is over. A pod that is still being made is waited for. */
export async function waitForPod(context: Context, name: string, { ready, end }: PodWait): Promise<void> {
  if (ready === 0 && end === 0) return;
  const manager = openManager(await connectSystem(context.host));
  try {
    const look = (): PodView => viewOne(context, name);
    if (ready !== 0) await waitReady(context, look, { manager, left: countDown(ready) });
    if (end !== 0) await waitEnd(context, look, { manager, left: countDown(end) });
  } finally {
    manager.close();
  }
}

export interface Waiting {
  readonly manager: Manager;
  /** Milliseconds; undefined = no end. */
  readonly left: () => number | undefined;
}

function countDown(milliseconds: number | undefined): () => number | undefined {
  const deadline = milliseconds === undefined ? undefined : performance.now() + milliseconds;
  return () => (deadline === undefined ? undefined : Math.max(0, deadline - performance.now()));
}

/** Whose unit a pod becomes is known when it moves to `run`. */
export async function waitReady(context: Context, look: () => PodView, waiting: Waiting): Promise<void> {
  const { manager, left } = waiting;
  const isMade = ({ state, pod }: PodView): boolean => state !== "preparing" && pod.phase !== "prepared";
  const view = await lookUntil(look, isMade, left);
  if (view === undefined || isOver(view)) return;
  const unit = unitOf(context.host, view.pod);
  const active = view.pod.name === undefined ? waitActiveOnce(look, unit, waiting) : manager.waitActive(unit, left());
  if (!(await active)) return;
  // A unit without Type=notify is active before there is a pod.
  await lookUntil(look, ({ state, started }) => state !== "running" || started !== undefined, left);
}

/** A named pod may be started again. */
function isOver({ state, pod }: PodView): boolean {
  return state === "aborted prepare" || (pod.name === undefined && state.startsWith("exited"));
}

/** Of an ad-hoc pod, whose unit is started once. That its rkt was killed before it asked for the unit is told by nothing but the pod's files. */
async function waitActiveOnce(look: () => PodView, unit: string, { manager, left }: Waiting): Promise<boolean> {
  for (;;) {
    const active = await manager.waitActive(unit, Math.min(round, left() ?? round));
    if (active === true) return true;
    if (active === false) await lookUntil(look, isOver, left);
    if (active === false || isOver(look()) || left() === 0) return false;
  }
}

/** undefined when the time is over. */
async function lookUntil(look: () => PodView, done: (view: PodView) => boolean, left: Waiting["left"]): Promise<PodView | undefined> {
  for (;;) {
    const view = look();
    if (done(view)) return view;
    const time = left();
    if (time === 0) return undefined;
    await pause(Math.min(interval, time ?? interval));
  }
}

/** What does not run has ended. Between the pod and its unit there are moments, at the start and at the end, when only one of them is there. */
async function waitEnd(context: Context, look: () => PodView, { manager, left }: Waiting): Promise<void> {
  for (let view = look(); view.state === "preparing" || view.state === "running"; view = look()) {
    if (left() === 0) return;
    if (view.state === "running") await manager.waitStopped(unitOf(context.host, view.pod), left());
    await pause(Math.min(interval, left() ?? interval));
  }
}
