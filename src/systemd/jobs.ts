import type { Bus, Subscription } from "../dbus/bus.ts";
import { isDbusError } from "../dbus/error.ts";
import { callManager, MANAGER, MANAGER_PATH, SYSTEMD, type ManagerCall } from "./names.ts";
import { textOf } from "./unit-state.ts";

/** How a job ended (org.freedesktop.systemd1(5), JobRemoved); "timeout" also when the caller's own deadline passed. */
export type JobResult = "done" | "canceled" | "timeout" | "failed" | "dependency" | "skipped" | (string & {});

export interface JobOptions {
  /** How long to wait for the job's end. Default: as long as it takes, which the unit's own time-outs bound. */
  readonly timeoutMs?: number;
}

/** Calls a method that answers with a job, and waits for that job's end. */
export async function runJob(bus: Bus, member: string, call: ManagerCall & JobOptions): Promise<JobResult> {
  const { timeoutMs, ...method } = call;
  const ends = await watchJobs(bus);
  try {
    const [path] = await callManager(bus, member, { ...method, reply: "o" });
    return await ends.wait(textOf(path), timeoutMs);
  } finally {
    ends.subscription.close();
  }
}

interface JobEnds {
  /** Also of a job that ended before this was asked. */
  wait(path: string, timeoutMs: number | undefined): Promise<JobResult>;
  readonly subscription: Subscription;
}

async function watchJobs(bus: Bus): Promise<JobEnds> {
  const ended = new Map<string, JobResult>();
  const waiting = new Map<string, (result: JobResult) => void>();
  const rule = { sender: SYSTEMD, path: MANAGER_PATH, interface: MANAGER, member: "JobRemoved" };
  const subscription = await bus.match(rule, ({ body: [, path, , result] }) => {
    ended.set(textOf(path), textOf(result));
    waiting.get(textOf(path))?.(textOf(result));
  });
  await subscribe(bus);

  async function wait(path: string, timeoutMs: number | undefined): Promise<JobResult> {
    const { promise, resolve, reject } = Promise.withResolvers<JobResult>();
    const forget = bus.onDeath(reject);
    const timer = timeoutMs === undefined ? undefined : setTimeout(() => resolve("timeout"), timeoutMs);
    waiting.set(path, resolve);
    const known = ended.get(path);
    if (known !== undefined) resolve(known);
    return await promise.finally(() => {
      clearTimeout(timer);
      forget();
    });
  }

  return { wait, subscription };
}

/** PID 1 sends signals over a bus only while somebody asked for them. A second time is no error. */
export async function subscribe(bus: Bus): Promise<void> {
  await callManager(bus, "Subscribe").catch((error: unknown) => {
    if (!isDbusError(error, "org.freedesktop.systemd1.AlreadySubscribed")) throw error;
  });
}
