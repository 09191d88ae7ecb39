import type { Host } from "../host/host.ts";

/** The process that becomes what this command answers with: the sh door where it waits for an answer, else this one. */
export function launcherPid(host: Host): number {
  return host.env["RKT_PLAN_FD"] === undefined ? process.pid : process.ppid;
}
