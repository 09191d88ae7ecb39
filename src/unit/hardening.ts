import type { EntryInput } from "./unit-file.ts";

/** Lines of [Service] for a program that has nothing to do with the host's kernel and files (systemd.exec(5), "SANDBOXING"). */
export const hostProtection: readonly EntryInput[] = [
  ["ProtectSystem", "strict"],
  ["ProtectHome", "yes"],
  ["ProtectKernelTunables", "yes"],
  ["ProtectKernelModules", "yes"],
  ["ProtectKernelLogs", "yes"],
  ["ProtectControlGroups", "yes"],
  ["ProtectClock", "yes"],
  ["ProtectHostname", "yes"],
  ["RestrictNamespaces", "yes"],
];
