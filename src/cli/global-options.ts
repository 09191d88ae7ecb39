import type { OptionDeclaration } from "./declaration.ts";

/** Options that every command takes, before or after its name. */
export const globalOptions: readonly OptionDeclaration[] = [
  { name: "debug", kind: "flag", description: "Print more about errors to standard error" },
  { name: "dir", kind: "text", value: "PATH", completes: ["directories"], fallback: "/var/lib/rkt", description: "Data directory" },
  {
    name: "system-config",
    kind: "text",
    value: "PATH",
    completes: ["directories"],
    fallback: "/usr/lib/rkt",
    description: "Directory of the system's configuration",
  },
  {
    name: "local-config",
    kind: "text",
    value: "PATH",
    completes: ["directories"],
    fallback: "/etc/rkt",
    description: "Directory of the administrator's configuration",
  },
  {
    name: "user-config",
    kind: "text",
    value: "PATH",
    completes: ["directories"],
    description: "Directory of a user's configuration, which overrides both",
  },
  {
    name: "insecure-options",
    kind: "list",
    value: "OPTIONS",
    description:
      "Protections to switch off: image, tls, http, capabilities, seccomp, all-fetch; none, pubkey and ondisk change nothing; paths, all-run and all are refused by run and prepare",
  },
  {
    name: "trust-keys-from-https",
    kind: "flag",
    description: "Trust keys that were discovered over https without asking",
    refused: "this release discovers no keys, give them to rkt trust as files or URLs",
  },
];

export const helpOption: OptionDeclaration = { name: "help", short: "h", kind: "flag", description: "Print this help" };
