import type { Host } from "../host/host.ts";
import { notifySupervisor } from "../systemd/notify.ts";

const interval = 10_000;

/** Asks the supervisor of this unit for more time as long as an action takes: an image may come over a slow line. */
export async function whileStarting<Result>(host: Host, mainPid: number, action: () => Promise<Result>): Promise<Result> {
  const extend = (): void => notifySupervisor(host, mainPid, `EXTEND_TIMEOUT_USEC=${3 * interval * 1000}`);
  extend();
  const timer = setInterval(extend, interval);
  try {
    return await action();
  } finally {
    clearInterval(timer);
  }
}
