import { RktError } from "../base/error.ts";
import { setupFailures } from "../base/exit-status.ts";
import { quoteText } from "../base/escape.ts";
import type { Bus } from "../dbus/bus.ts";
import type { Host } from "../host/host.ts";
import { connectPod } from "./connect-pod.ts";
import { moveIntoApp, requireRunning } from "./enter-cgroup.ts";
import { openGate } from "./enter-gate.ts";
import { enterProperties } from "./enter-properties.ts";
import type { EnterRequest } from "./enter-request.ts";
import { type TransientWatch, type UnitEnd, watchTransient } from "./enter-watch.ts";
import { callManager } from "./names.ts";

/** Runs a command inside an app's limits, started by the pod's own PID 1, and waits for its end. Root only. */
export async function runInPod(host: Host, request: EnterRequest): Promise<UnitEnd> {
  requireRunning(host, request);
  const bus = await connectPod(host, request.leader);
  try {
    return await runThere(host, request, bus);
  } catch (error) {
    throw error instanceof RktError && error.code === "dbus-closed" ? podEnded(request, error) : error;
  } finally {
    bus.close();
  }
}

function podEnded(request: EnterRequest, cause: RktError): RktError {
  return new RktError("enter-pod-ended", `Cannot tell how ${quoteText(request.argv[0] ?? "")} ended: the pod has ended`, { cause });
}

async function runThere(host: Host, request: EnterRequest, bus: Bus): Promise<UnitEnd> {
  const watch = await watchTransient(bus, request.unit);
  try {
    const result = await startGated(host, bus, { request, watch });
    if (result !== "done") refuseFailedStart(request, watch.seen());
    const kill = async (signal: number): Promise<void> => {
      await callManager(bus, "KillUnit", { signature: "ssi", body: [request.unit, "all", signal] });
    };
    await moveIntoApp(host, request).catch(async (error: unknown) => {
      await kill(9).catch(() => undefined);
      throw error;
    });
    request.onStart?.({ kill });
    return await watch.end();
  } finally {
    watch.close();
  }
}

/** No instruction of the command runs outside of the app's control group. Returns the start's result. */
async function startGated(
  host: Host,
  bus: Bus,
  { request, watch }: { readonly request: EnterRequest; readonly watch: TransientWatch },
): Promise<string> {
  const gate = openGate(host, request);
  const job = await start(bus, request).catch(async (error: unknown) => {
    await gate.close("refused");
    throw error;
  });
  try {
    return await watch.jobEnd(job);
  } finally {
    await gate.close();
  }
}

async function start(bus: Bus, request: EnterRequest): Promise<string> {
  const body = [request.unit, "fail", enterProperties(request), []];
  const [job] = await callManager(bus, "StartTransientUnit", { signature: "ssa(sv)a(sa(sv))", body, reply: "o" });
  return String(job);
}

/** A command that ran and failed at once is no refusal. */
function refuseFailedStart(request: EnterRequest, end: UnitEnd | undefined): void {
  if (end?.code === "exited" && end.status < 200 && end.status !== 0) return;
  const reason =
    end === undefined ? "its unit could not be started" : (setupFailures[end.status] ?? `systemd says ${end.code} ${end.status}`);
  throw new RktError("enter-failed", `Cannot run ${quoteText(request.argv[0] ?? "")} in ${quoteText(request.appUnit)}: ${reason}`);
}
