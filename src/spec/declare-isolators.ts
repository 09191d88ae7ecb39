import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier } from "../base/id.ts";
import { wholeQuantity } from "../base/quantity.ts";
import type { Isolator } from "./appc.ts";
import { parseCapability } from "./capabilities.ts";
import { parseIsolator } from "./isolators.ts";
import { originOf, readAll, readOne } from "./read-section.ts";
import { problemAt, type Report } from "./report.ts";
import { SECCOMP_GROUPS, unknownSeccompGroup } from "./seccomp-groups.ts";
import type { Section } from "./sections.ts";
import { parseBoolean, parseInteger, splitList, valueError } from "./values.ts";

/** Keys of an [App] that are appc isolators. */
export function readIsolators(section: Section, report: Report): Isolator[] {
  const one = (key: string, read: (value: string) => Isolator): Isolator[] => {
    const isolator = readOne(section, key, report, (value) => checked(read(value)));
    return isolator === undefined ? [] : [isolator];
  };
  return [
    ...readCapabilities(section, report),
    ...one("Seccomp", parseSeccomp),
    ...one("NoNewPrivileges", (value) => isolator("os/linux/no-new-privileges", parseBoolean(value))),
    ...one("Memory", parseMemory),
    ...one("CPU", (value) => isolator("resource/cpu", { request: value, limit: value })),
    ...one("CPUShares", (value) => isolator("os/linux/cpu-shares", parseInteger(value, 2, 262144))),
    ...one("OOMScoreAdjust", (value) => isolator("os/linux/oom-score-adj", parseInteger(value, -1000, 1000))),
  ];
}

/** `mode=retain|remove[,errno=NAME],CALL…`, the original's `--seccomp`. Throws `value-invalid`, `seccomp-group-unknown`. */
export function parseSeccomp(text: string): Isolator {
  const words = splitList(text);
  const mode = words.find((word) => word.startsWith("mode="))?.slice(5);
  const errno = words.find((word) => word.startsWith("errno="))?.slice(6);
  const set = words.filter((word) => !word.includes("="));
  if ((mode !== "retain" && mode !== "remove") || set.length === 0 || set.length + (errno === undefined ? 1 : 2) !== words.length) {
    throw valueError(`Cannot read ${quoteText(text)} as a seccomp filter`, `As in "mode=remove,errno=EPERM,ptrace,mount"`);
  }
  const unknown = set.find((call) => call.startsWith("@") && !SECCOMP_GROUPS.includes(call));
  if (unknown !== undefined) throw unknownSeccompGroup(unknown);
  if (mode === "remove" && set.includes("@appc.io/all")) throw valueError("Cannot remove all system calls");
  return isolator(`os/linux/seccomp-${mode}-set`, errno === undefined ? { set } : { set, errno });
}

/** The original's `--memory`: limit and request alike. Throws `value-invalid`. */
export function parseMemory(text: string): Isolator {
  if (wholeQuantity(text) < 4096)
    throw valueError(`Cannot limit memory to ${quoteText(text)}: 4096 bytes are the least`, `A suffix such as "M" or "Mi" may be missing`);
  return isolator("resource/memory", { request: text, limit: text });
}

function readCapabilities(section: Section, report: Report): Isolator[] {
  const retain = readAll(section, "CapabilityRetain", report, (value) => splitList(value).map(parseCapability)).flat();
  const remove = readAll(section, "CapabilityRemove", report, (value) => splitList(value).map(parseCapability)).flat();
  const origin = originOf(section, "CapabilityRemove");
  if (retain.length > 0 && remove.length > 0 && origin !== undefined) {
    report.problems.push(problemAt(origin, `Cannot use "CapabilityRemove=" together with "CapabilityRetain="`));
  }
  const sets = [
    ["retain", retain],
    ["remove", remove],
  ] as const;
  return sets.flatMap(([mode, set]) =>
    set.length === 0 ? [] : [isolator(`os/linux/capabilities-${mode}-set`, { set: [...new Set(set)] })],
  );
}

function isolator(name: string, value: unknown): Isolator {
  return { name: parseAcIdentifier(name), value };
}

/** What is made of a key has to be readable as an isolator. */
function checked(value: Isolator): Isolator {
  parseIsolator(value);
  return value;
}
