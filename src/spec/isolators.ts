import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parseQuantity, wholeQuantity } from "../base/quantity.ts";
import type { Isolator } from "./appc.ts";
import { parseCapability } from "./capabilities.ts";
import { readArray, readBoolean, readObject, readString } from "./json-reader.ts";

/** The known isolators (appc spec, "Isolators") with their values read. */
export type ParsedIsolator =
  | { readonly name: "os/linux/capabilities-retain-set" | "os/linux/capabilities-remove-set"; readonly set: readonly string[] }
  | {
      readonly name: "os/linux/seccomp-retain-set" | "os/linux/seccomp-remove-set";
      /** System calls and groups (`@rkt/default-whitelist`), as written. */
      readonly set: readonly string[];
      /** "EPERM"; without it a forbidden call kills. */
      readonly errno?: string;
    }
  | { readonly name: "os/linux/no-new-privileges"; readonly value: boolean }
  | { readonly name: "os/linux/oom-score-adj" | "os/linux/cpu-shares"; readonly value: number }
  | {
      readonly name: "os/linux/selinux-context";
      readonly user: string;
      readonly role: string;
      readonly type: string;
      readonly level: string;
    }
  | { readonly name: "os/linux/apparmor-profile"; readonly profile: string }
  /** Thousandths of a processor. */
  | { readonly name: "resource/cpu"; readonly request?: number; readonly limit?: number }
  /** Bytes. */
  | { readonly name: "resource/memory"; readonly request?: number; readonly limit?: number }
  /** Bytes or operations or bits a second, for all devices or interfaces. */
  | { readonly name: "resource/block-bandwidth" | "resource/block-iops" | "resource/network-bandwidth"; readonly limit: number }
  | { readonly name: "os/unix/sysctl"; readonly values: Readonly<Record<string, string>> };

/** Reads one isolator. Throws `isolator-invalid`, also for an unknown name. */
export function parseIsolator(isolator: Isolator): ParsedIsolator {
  const read = Object.hasOwn(READERS, isolator.name) ? READERS[isolator.name] : undefined;
  if (read === undefined) throw new RktError("isolator-invalid", `Cannot use isolator ${quoteText(isolator.name)}: rkt does not know it`);
  try {
    return read(isolator.value);
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    const message = `Cannot use isolator ${quoteText(isolator.name)}: ${error.message}`;
    throw new RktError("isolator-invalid", message, { cause: error, ...(error.hint === undefined ? {} : { hint: error.hint }) });
  }
}

/** Reads a list and refuses what cannot stand together: twice the same, retain beside remove. Throws `isolator-invalid`. */
export function parseIsolators(isolators: readonly Isolator[]): ParsedIsolator[] {
  const parsed = isolators.map(parseIsolator);
  const seen = new Set<string>();
  for (const { name } of parsed) {
    const family = name.replace(/-(retain|remove)-set$/, "");
    if (seen.has(family))
      throw new RktError("isolator-invalid", `Cannot use isolator ${quoteText(name)}: it stands twice or against its counterpart`);
    seen.add(family);
  }
  return parsed;
}

const READERS: Readonly<Record<string, (value: unknown) => ParsedIsolator>> = {
  "os/linux/capabilities-retain-set": (value) => ({ name: "os/linux/capabilities-retain-set", set: readSet(value).map(parseCapability) }),
  "os/linux/capabilities-remove-set": (value) => ({ name: "os/linux/capabilities-remove-set", set: readSet(value).map(parseCapability) }),
  "os/linux/seccomp-retain-set": (value) => ({ name: "os/linux/seccomp-retain-set", ...readSeccomp(value) }),
  "os/linux/seccomp-remove-set": (value) => ({ name: "os/linux/seccomp-remove-set", ...readSeccomp(value) }),
  "os/linux/no-new-privileges": (value) => ({ name: "os/linux/no-new-privileges", value: readBoolean(value, "value") }),
  "os/linux/oom-score-adj": (value) => ({ name: "os/linux/oom-score-adj", value: readNumber(value, -1000, 1000) }),
  "os/linux/cpu-shares": (value) => ({ name: "os/linux/cpu-shares", value: readNumber(value, 2, 262144) }),
  "os/linux/selinux-context": readSelinux,
  "os/linux/apparmor-profile": readAppArmor,
  "resource/cpu": (value) => ({ name: "resource/cpu", ...readAmounts(value, (text) => Number(parseQuantity(text).milli)) }),
  "resource/memory": (value) => ({ name: "resource/memory", ...readAmounts(value, wholeQuantity) }),
  "resource/block-bandwidth": (value) => ({ name: "resource/block-bandwidth", limit: readDefaultLimit(value) }),
  "resource/block-iops": (value) => ({ name: "resource/block-iops", limit: readDefaultLimit(value) }),
  "resource/network-bandwidth": (value) => ({ name: "resource/network-bandwidth", limit: readDefaultLimit(value) }),
  "os/unix/sysctl": readSysctl,
};

function readSet(value: unknown): string[] {
  const set = readArray(readObject(value, "value")["set"], "set").map((item) => readString(item, "set"));
  if (set.length === 0) throw invalid("its set is empty");
  return set;
}

function readSeccomp(value: unknown): { set: string[]; errno?: string } {
  const set = readSet(value);
  const bad = set.find((call) => !/^(@[a-z0-9./-]+|[a-z0-9_]+)$/.test(call));
  if (bad !== undefined) throw invalid(`${quoteText(bad)} is no system call`);
  const errno = readObject(value, "value")["errno"];
  if (errno === undefined || errno === "") return { set };
  const name = readString(errno, "errno");
  if (!/^E[A-Z0-9]{1,20}$/.test(name)) throw invalid(`${quoteText(name)} is no error name`);
  return { set, errno: name };
}

function readNumber(value: unknown, minimum: number, maximum: number): number {
  const number = typeof value === "string" && /^-?\d{1,9}$/.test(value) ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= minimum && number <= maximum) return number;
  throw invalid(`its value is not a number from ${minimum} to ${maximum}`);
}

function readSelinux(value: unknown): ParsedIsolator {
  const object = readObject(value, "value");
  const [user = "", role = "", type = "", level = ""] = ["user", "role", "type", "level"].map((key) => readString(object[key], key));
  if ([user, role, type, level].some((part) => !/^[A-Za-z0-9_.,:-]+$/.test(part)))
    throw invalid("its context is not user, role, type and level");
  return { name: "os/linux/selinux-context", user, role, type, level };
}

function readAppArmor(value: unknown): ParsedIsolator {
  const profile = readString(readObject(value, "value")["profile"], "profile");
  if (profile === "" || /[\p{Cc}\s]/u.test(profile)) throw invalid(`${quoteText(profile)} is no profile`);
  return { name: "os/linux/apparmor-profile", profile };
}

function readAmounts(value: unknown, read: (text: string) => number): { request?: number; limit?: number } {
  const object = readObject(value, "value");
  if (object["default"] !== undefined && object["default"] !== false) throw invalid(`"default" cannot be true here`);
  const amounts = Object.fromEntries(
    ["request", "limit"].filter((key) => isSet(object[key])).map((key) => [key, readPositive(object[key], key, read)]),
  );
  if (Object.keys(amounts).length === 0) throw invalid("it has neither request nor limit");
  return amounts;
}

function readPositive(value: unknown, key: string, read: (text: string) => number): number {
  const amount = read(typeof value === "number" ? String(value) : readString(value, key));
  if (amount <= 0 || !Number.isSafeInteger(amount)) throw invalid(`"${key}" is not above zero`);
  return amount;
}

function readDefaultLimit(value: unknown): number {
  const object = readObject(value, "value");
  if (object["default"] !== true) throw invalid(`"default" has to be true`);
  if (isSet(object["request"])) throw invalid(`it cannot have a "request"`);
  return readPositive(object["limit"], "limit", wholeQuantity);
}

function readSysctl(value: unknown): ParsedIsolator {
  const values = Object.entries(readObject(value, "value")).map(([name, text]) => [name, readString(text, name)] as const);
  const bad = values.find(([name, text]) => !/^[A-Za-z0-9_][A-Za-z0-9_./-]*$/.test(name) || name.includes("..") || /\p{Cc}/u.test(text));
  if (bad !== undefined) throw invalid(`${quoteText(bad[0])} is no kernel parameter`);
  return { name: "os/unix/sysctl", values: Object.fromEntries(values) };
}

/** Go's encoder writes "0" or null for an amount that was not given. */
function isSet(value: unknown): boolean {
  return value !== undefined && value !== null && value !== "" && value !== "0";
}

function invalid(reason: string): RktError {
  return new RktError("isolator-invalid", reason);
}
