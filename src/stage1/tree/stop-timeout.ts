import type { AppDescription, PodDescription } from "../../pod/engine.ts";
import { appsBefore } from "./app-order.ts";

/** What PID 1, journald and the engine need besides the apps, in microseconds. */
const margin = 15_000_000;

/** The longest chain of apps that stop one after another (in reverse order of their start), and a margin. */
export function stopTimeout(pod: PodDescription): number {
  const known = new Map<string, number>();
  const chain = (app: AppDescription): number => {
    const done = known.get(app.name);
    if (done !== undefined) return done;
    // A cycle is refused when the pod file is read; this keeps one from going on for ever.
    known.set(app.name, 0);
    const own = app.stopTimeoutUsec * (app.postStop === undefined ? 1 : 2);
    const total = own + Math.max(0, ...appsBefore(pod.apps, app).map(chain));
    known.set(app.name, total);
    return total;
  };
  return Math.max(...pod.apps.map(chain)) + margin;
}
