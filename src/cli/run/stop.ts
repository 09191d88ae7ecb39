import { constants } from "node:os";
import { unitsOf } from "../../apply/settle.ts";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { findPod } from "../../pod/find.ts";
import { runningPods } from "../../pod/named.ts";
import { isBusy, labelOf, type Pod, unitOf } from "../../pod/pod.ts";
import { connectSystem } from "../../systemd/connect.ts";
import type { Manager } from "../../systemd/manager.ts";
import { openManager } from "../../systemd/manager.ts";
import type { Context } from "../context.ts";
import { forEachArgument } from "../for-each.ts";
import type { OptionValues } from "../options.ts";
import { podArguments } from "../pod-argument.ts";
import { dirsOf } from "../pod-view.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const manager = openManager(await connectSystem(context.host));
  try {
    return await forEachArgument({ context, command: "stop" }, podArguments(context, args, options, { exitCode: 1 }), async (text) => {
      const pod = findPod(context.host, dirsOf(context), text);
      if (
        !isBusy(context.host, pod, runningPods(context.host, dirsOf(context))) &&
        !(await isUnitBusy(manager, unitOf(context.host, pod)))
      ) {
        context.stderr.write(`pod ${quoteText(pod.uuid)} is already stopped\n`);
        return;
      }
      await stopUnit(manager, { pod, unit: unitOf(context.host, pod), force: options.flag("force") });
      context.stdout.write(`"${pod.uuid}"\n`);
      for (const socket of await listeningSockets(context, manager, pod))
        context.stderr.write(`pod ${quoteText(labelOf(pod))} is started again by connections to ${socket}, which is not stopped\n`);
    });
  } finally {
    manager.close();
  }
}

async function isUnitBusy(manager: Manager, unit: string): Promise<boolean> {
  const { activeState } = await manager.unitState(unit);
  return activeState !== "inactive" && activeState !== "failed";
}

async function listeningSockets(context: Context, manager: Manager, pod: Pod): Promise<string[]> {
  if (pod.name === undefined) return [];
  const sockets = unitsOf(context.host, dirsOf(context), { ...pod, name: pod.name }).filter((unit) => unit.endsWith(".socket"));
  const states = await Promise.all(sockets.map(async (unit) => ({ unit, state: await manager.unitState(unit) })));
  return states.filter(({ state }) => state.activeState === "active").map(({ unit }) => unit);
}

interface StopRequest {
  readonly pod: Pod;
  readonly unit: string;
  readonly force: boolean;
}

/** Killed while it is being stopped: what ends otherwise might be started again. */
async function stopUnit(manager: Manager, { pod, unit, force }: StopRequest): Promise<void> {
  const stopping = manager.stopUnit(unit);
  // Nothing may be left to kill by now: what counts is the end of the stop.
  if (force) await manager.killUnit(unit, "all", constants.signals.SIGKILL).catch(() => undefined);
  const result = await stopping;
  if (result === "done") return;
  throw new RktError("stop-failed", `Cannot stop pod ${quoteText(labelOf(pod))}: systemd says ${quoteText(result)}`, {
    hint: `See "systemctl status ${unit}"`,
  });
}
