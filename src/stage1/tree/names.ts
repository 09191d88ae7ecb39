import type { AcName } from "../../base/id.ts";
import { escapeUnitName } from "../../unit/quote.ts";

/** Names and paths inside a pod. Apps have AC names (no underscore, no capital): what begins with `rkt_` is ours. */
export function appUnit(app: AcName): string {
  return `${app}.service`;
}

export function appRoot(app: AcName): string {
  return `/opt/stage2/${app}/rootfs`;
}

export function preStartUnit(app: AcName): string {
  return `rkt_pre-start-${app}.service`;
}

export function postStopUnit(app: AcName): string {
  return `rkt_post-stop-${app}.service`;
}

export function socketUnit(name: string): string {
  return `rkt_socket-${escapeUnitName(name)}.socket`;
}

/** The FIFO of an app that opens /dev/stdout, and the unit that reads it. */
export function outputFifo(app: AcName): string {
  return `/run/rkt/std/${app}`;
}

export function outputUnit(app: AcName): string {
  return `rkt_output-${app}.service`;
}

/** The same for standard error, where somebody in the foreground wants the two apart. */
export function errorFifo(app: AcName): string {
  return `/run/rkt/std/${app}.err`;
}

export function errorUnit(app: AcName): string {
  return `rkt_errors-${app}.service`;
}

/** Pipes of whoever started the pod in the foreground. */
export const consolePath = "/rkt/console";

export function reloadUnit(app: AcName): string {
  return `rkt_reload-${app}.service`;
}

export function lowerPath(app: AcName, index: number): string {
  return `/rkt/lower/${app}/${index}`;
}

export function writablePath(app: AcName): string {
  return `/rkt/rw/${app}`;
}

export function volumePath(name: AcName): string {
  return `/rkt/vol/${name}`;
}

/** The program that the engine starts in the pod. */
export const bootPath = "/rkt/boot";
export const statusPath = "/rkt/status";
export const unitDirectory = "etc/systemd/system";
