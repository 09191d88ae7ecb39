import type { CommandDeclaration } from "../declaration.ts";
import { prettyPrintOption } from "../declaration.ts";

export const configCommand: CommandDeclaration = {
  name: "config",
  summary: "Print the configuration",
  description: [
    "Prints what the files of auth.d, paths.d and stage1.d say, below /usr/lib/rkt, /etc/rkt and the directory of --user-config, merged, as JSON: one object per domain, one per registry, one for paths, one for stage1 and one for kvm, each in the form of a file. What is configured nowhere is not printed.",
    "The credentials are printed as they are: whoever may read the files may read them here.",
  ],
  options: [prettyPrintOption],
  examples: [
    { command: "rkt config", text: "Print what is configured on this host" },
    { command: "rkt config --user-config=/root/rkt --pretty-print=false", text: "The same with a directory on top, on one line" },
  ],
  schema: "config",
  root: false,
  onlyPrints: true,
  run: () => import("../run/config.ts"),
};
