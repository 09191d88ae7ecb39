import type { CommandDeclaration } from "../declaration.ts";

export const logsCommand: CommandDeclaration = {
  name: "logs",
  summary: "Print what a pod's apps wrote",
  description: [
    "Reads the pod's own journal, of all runs that are kept, whether the pod runs or not. Control characters are escaped. The journal of a pod that was removed is found by its whole UUID until rkt gc --journal-keep removes it (rkt-gc.timer: after 30 days).",
    "Journals are for root and for members of group systemd-journal; to find the pod, such a member has to be of group rkt too.",
  ],
  arguments: [{ name: "UUID|NAME", completes: ["pods"] }],
  options: [
    { name: "app", kind: "text", value: "APP", completes: ["apps"], description: "Only the lines of this app" },
    { name: "follow", short: "f", kind: "flag", description: "Go on printing lines as they come" },
    { name: "lines", short: "n", kind: "text", value: "N", description: "Only the last N lines" },
    { name: "events", kind: "flag", description: "Also what systemd and rkt did with the pod: applied, started, ended, refused" },
  ],
  examples: [
    { command: "rkt logs etcd", text: "All that is kept of the pod etcd" },
    { command: "rkt logs --events etcd", text: "With starts, ends and rkt's own events in between" },
    { command: "rkt logs -f -n 20 --app=web 5a1c", text: "The last lines of one app, and those to come" },
  ],
  root: false,
  onlyPrints: true,
  run: () => import("../run/logs.ts"),
};
