import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";

/** Groups of system calls that a filter may name. What they hold is said by `src/isolator/seccomp.ts`. */
export const SECCOMP_GROUPS: readonly string[] = [
  "@appc.io/empty",
  ...["@rkt/default-whitelist", "@docker/default-whitelist", "@rkt/default-blacklist", "@docker/default-blacklist"],
  "@appc.io/all",
  ...["clock", "default-whitelist", "mount", "network-io", "obsolete", "privileged", "process", "raw-io"].map((name) => `@systemd/${name}`),
];

export function unknownSeccompGroup(name: string): RktError {
  return new RktError("seccomp-group-unknown", `Cannot use system call group ${quoteText(name)}: rkt does not know it`, {
    hint: `Groups are ${SECCOMP_GROUPS.join(", ")}`,
  });
}
