import type { AcName } from "../base/id.ts";

/**
 * systemd gives a unit the drop-ins of each of its name's prefixes that end in a dash: the app's own dashes must not make
 * prefixes, or app "a-b" would read the sandbox of app "a". AC names have no colon.
 */
function prefixOf(app: AcName): string {
  return `rkt_enter-${app.replaceAll("-", ":")}-`;
}

/** The transient unit that runs one command in an app's limits. `id` tells several apart: letters and digits. */
export function enterUnitName(app: AcName, id: string): string {
  return `${prefixOf(app)}${id}.service`;
}

/** Directory, beside the pod's units, whose drop-ins hold the limits of everything that enters the app. */
export function enterDropInDirectory(app: AcName): string {
  return `${prefixOf(app)}.service.d`;
}
