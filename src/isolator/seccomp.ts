import type { ParsedIsolator } from "../spec/isolators.ts";
import { unknownSeccompGroup } from "../spec/seccomp-groups.ts";
import type { EntryInput } from "../unit/unit-file.ts";
import type { IsolatorMapping } from "./mapping.ts";
import { REMOVE_2018, RETAIN_2018, RETAIN_ARM, RETAIN_SINCE } from "./seccomp-sets.ts";

/**
 * Without an isolator: what only the administration of a machine needs is denied with EPERM, so that what a newer C library
 * tries still falls back. `retain` allows its set alone, `remove` denies its set alone; a forbidden call ends the app unless
 * the isolator names an error.
 */
export const seccomp: IsolatorMapping = {
  names: ["os/linux/seccomp-retain-set", "os/linux/seccomp-remove-set"],
  directives(isolator) {
    if (isolator?.name !== "os/linux/seccomp-retain-set" && isolator?.name !== "os/linux/seccomp-remove-set") return DEFAULT;
    const retain = isolator.name === "os/linux/seccomp-retain-set";
    if (retain && isolator.set.includes("@appc.io/all")) return [NATIVE];
    const calls = [...new Set(isolator.set.flatMap(expandName))];
    if (!retain && calls.length === 0) return DEFAULT;
    // An empty list would be no filter at all: systemd's own least is what it takes to execute and to end.
    if (calls.length === 0) calls.push("@default");
    return [NATIVE, ...errorLine(isolator), ["SystemCallFilter", `${retain ? "" : "~"}${calls.join(" ")}`]];
  },
};

/** Without it a program could make its calls by the numbers of another architecture, which no filter of names sees. */
const NATIVE: EntryInput = ["SystemCallArchitectures", "native"];

const DEFAULT: readonly EntryInput[] = [
  NATIVE,
  ["SystemCallErrorNumber", "EPERM"],
  [
    "SystemCallFilter",
    "~@clock @cpu-emulation @debug @keyring @module @mount @obsolete @raw-io @reboot @swap bpf userfaultfd perf_event_open open_by_handle_at unshare setns io_uring_setup io_uring_enter io_uring_register",
  ],
];

/** systemd's own groups that the original offered, under systemd's names. */
const SYSTEMD_GROUPS: Readonly<Record<string, string>> = {
  clock: "@clock",
  "default-whitelist": "@default",
  mount: "@mount",
  "network-io": "@network-io",
  obsolete: "@obsolete",
  privileged: "@privileged",
  process: "@process",
  "raw-io": "@raw-io",
};

const RETAIN = words(`${RETAIN_2018} ${RETAIN_ARM} ${RETAIN_SINCE}`);
const REMOVE = words(REMOVE_2018);

const GROUPS: Readonly<Record<string, readonly string[]>> = {
  "@appc.io/empty": [],
  "@rkt/default-whitelist": RETAIN,
  "@docker/default-whitelist": RETAIN,
  "@rkt/default-blacklist": REMOVE,
  "@docker/default-blacklist": REMOVE,
};

function expandName(name: string): readonly string[] {
  if (!name.startsWith("@")) return [name];
  if (Object.hasOwn(GROUPS, name)) return GROUPS[name] ?? [];
  const [scope, group = ""] = name.slice(1).split("/");
  if (scope === "systemd" && Object.hasOwn(SYSTEMD_GROUPS, group)) return [SYSTEMD_GROUPS[group] ?? ""];
  throw unknownSeccompGroup(name);
}

function errorLine(isolator: ParsedIsolator & { readonly errno?: string }): readonly EntryInput[] {
  return isolator.errno === undefined ? [] : [["SystemCallErrorNumber", isolator.errno]];
}

function words(text: string): readonly string[] {
  return text.trim().split(/\s+/);
}
