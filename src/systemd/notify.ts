import type { Host } from "../host/host.ts";

/**
 * Tells the supervisor of this unit something (sd_notify(3)): `READY=1`, `STATUS=…`, `EXTEND_TIMEOUT_USEC=…`. Does nothing
 * outside a unit that listens. Node has no datagram socket of this family, so systemd's own program sends it, in the name
 * of the unit's main process, which alone may speak by default; its failure is not ours.
 */
export function notifySupervisor(host: Host, mainPid: number, ...states: readonly string[]): void {
  if (host.env["NOTIFY_SOCKET"] === undefined || states.length === 0) return;
  const env = Object.fromEntries(Object.entries(host.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
  host.programs.run(["systemd-notify", `--pid=${mainPid}`, ...states], { check: false, timeout: 5_000, env });
}
