import { APP_KEYS } from "./keys-app.ts";
import { POD_KEYS } from "./keys-pod.ts";
import { APP_DIRECTIVES, SERVICE_KEYS, SOCKET_KEYS } from "./keys-systemd.ts";

export { APP_KEYS } from "./keys-app.ts";
export { POD_KEYS } from "./keys-pod.ts";
export { APP_DIRECTIVES, INSTALL_KEYS, SERVICE_KEYS, SOCKET_KEYS, UNIT_KEYS } from "./keys-systemd.ts";

export type SectionKind = "Unit" | "Install" | "Service" | "Pod" | "App" | "Socket";

export const SECTION_KINDS: readonly SectionKind[] = ["Unit", "Install", "Service", "Pod", "App", "Socket"];

/** Keys a section may hold; undefined where systemd alone decides. */
export function knownKeys(kind: SectionKind): ReadonlySet<string> | undefined {
  return KNOWN[kind];
}

/** Do repeated assignments of this key add to each other? */
export function isListKey(kind: SectionKind, key: string): boolean {
  if (kind === "Pod") return POD_LISTS.has(key);
  if (kind === "App") return APP_LISTS.has(key) || APP_DIRECTIVES.includes(key);
  return !(kind === "Socket" && key === "App");
}

const POD_LISTS = new Set(POD_KEYS.filter((info) => info.list).map((info) => info.key));
const APP_LISTS = new Set(APP_KEYS.filter((info) => info.list).map((info) => info.key));

const KNOWN: Readonly<Record<SectionKind, ReadonlySet<string> | undefined>> = {
  Unit: undefined,
  Install: undefined,
  Service: new Set(SERVICE_KEYS),
  Pod: new Set(POD_KEYS.map((info) => info.key)),
  App: new Set([...APP_KEYS.map((info) => info.key), ...APP_DIRECTIVES]),
  Socket: new Set(SOCKET_KEYS),
};
