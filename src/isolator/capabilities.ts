import type { ParsedIsolator } from "../spec/isolators.ts";
import type { IsolatorMapping } from "./mapping.ts";

/** What an app may have at most where nothing else is said: the original's set. */
const DEFAULT_CAPABILITIES: readonly string[] = [
  ...["CAP_AUDIT_WRITE", "CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_KILL", "CAP_MKNOD", "CAP_NET_RAW"],
  ...["CAP_NET_BIND_SERVICE", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP", "CAP_SETFCAP", "CAP_SYS_CHROOT"],
];

/** `os/linux/capabilities-retain-set` is the set; `-remove-set` is taken from the default one. */
export const capabilities: IsolatorMapping = {
  names: ["os/linux/capabilities-retain-set", "os/linux/capabilities-remove-set"],
  directives: (isolator) => [["CapabilityBoundingSet", boundingSet(isolator).join(" ")]],
};

/** The capabilities that an app may have at most. */
export function boundingSet(isolator: ParsedIsolator | undefined): readonly string[] {
  if (isolator?.name === "os/linux/capabilities-retain-set") return isolator.set;
  if (isolator?.name !== "os/linux/capabilities-remove-set") return DEFAULT_CAPABILITIES;
  const { set } = isolator;
  return DEFAULT_CAPABILITIES.filter((capability) => !set.includes(capability));
}
