import type { Host } from "../host/host.ts";

/** Is systemd PID 1 of this machine (sd_booted(3))? */
export function isBooted(host: Host): boolean {
  return host.files.tryLstat("/run/systemd/system")?.type === "directory";
}
