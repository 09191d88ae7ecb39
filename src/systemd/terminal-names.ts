import type { AcName } from "../base/id.ts";

/** The unit of the pod that keeps an app's terminal. */
export function terminalUnit(app: AcName): string {
  return `rkt_terminal@${app}.service`;
}

/** In the pod, while that unit runs: `socket`, to attach to, and `tty`, which leads to the app's side. */
export function terminalDirectory(app: AcName): string {
  return `/run/rkt/terminal/${app}`;
}
