import type { Host } from "../host/host.ts";

/** Where hosts keep journals: kept over reboots, or not. */
const ROOTS = ["/var/log/journal", "/run/log/journal"] as const;

/** Directory that a machine's journal is written to when it starts now: as the host keeps its own. */
export function journalDirectory(host: Host, machineId: string): string {
  const root = host.files.exists(ROOTS[0]) ? ROOTS[0] : ROOTS[1];
  return `${root}/${machineId}`;
}

/** Directories that hold entries of a machine: more than one where the host changed its mind. */
export function journalDirectories(host: Host, machineId: string): string[] {
  return ROOTS.map((root) => `${root}/${machineId}`).filter((path) => host.files.tryLstat(path)?.type === "directory");
}

export interface JournalSource {
  /** From `journalDirectories`; empty: the host's own journal, of which `matches` say what is the pod's. */
  readonly directories: readonly string[];
  /**
   * `FIELD=value`, all of which an entry must have. One of them at least is a field that only journald can set. `+` stands between
   * such groups, of which an entry must have one (journalctl(1)).
   */
  readonly matches?: readonly string[];
  /** SYSLOG_IDENTIFIER= of the entries; all when absent. */
  readonly app?: string;
}

export interface JournalBounds {
  /** Wait for more. */
  readonly follow?: boolean;
  /** Only the last ones. Default: all. */
  readonly lines?: number;
}

export type JournalQuery = JournalSource & JournalBounds;

/** One JSON object per line; `formatEntry` reads it. Reads those directories alone, and the host's journal only where there are none. */
export function journalctlArgs(query: JournalQuery): string[] {
  const [first = "", ...others] = query.directories;
  const sources =
    first === "" ? [] : others.length === 0 ? [`--directory=${first}`] : query.directories.map((path) => `--file=${path}/*.journal`);
  return [
    "journalctl",
    ...sources,
    // without it, following stops at the end of a run: each has a boot ID of its own
    ...(first === "" ? [] : ["--merge"]),
    "--output=json",
    // long and unprintable messages whole, as text or as bytes
    "--all",
    "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID,SYSLOG_PID",
    "--quiet",
    ...(query.app === undefined ? [] : [`--identifier=${query.app}`]),
    ...(query.lines === undefined ? (query.follow === true ? ["--no-tail"] : []) : [`--lines=${query.lines}`]),
    ...(query.follow === true ? ["--follow"] : []),
    ...(first === "" ? ["--", ...hostMatches(query)] : []),
  ];
}

/** Never everything: an entry that any process can write must not pass for the pod's. */
function hostMatches({ matches = [] }: JournalQuery): readonly string[] {
  const groups = matches.join("\n").split("\n+\n");
  if (!groups.every((group) => /^_/m.test(group))) throw new Error("the host's journal is read by a trusted field");
  return matches;
}
