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

export interface JournalQuery {
  /** From `journalDirectories`; not empty. */
  readonly directories: readonly string[];
  /** SYSLOG_IDENTIFIER= of the entries; all when absent. */
  readonly app?: string;
  /** Wait for more. */
  readonly follow?: boolean;
  /** Only the last ones. Default: all. */
  readonly lines?: number;
}

/** One JSON object per line; `formatEntry` reads it. Reads those directories alone, never the host's journal. */
export function journalctlArgs(query: JournalQuery): string[] {
  const [first = "", ...others] = query.directories;
  const sources = others.length === 0 ? [`--directory=${first}`] : query.directories.map((path) => `--file=${path}/*.journal`);
  return [
    "journalctl",
    ...sources,
    // without it, following stops at the end of a run: each has a boot ID of its own
    "--merge",
    "--output=json",
    // long and unprintable messages whole, as text or as bytes
    "--all",
    "--output-fields=MESSAGE,SYSLOG_IDENTIFIER,_PID,SYSLOG_PID",
    "--quiet",
    ...(query.app === undefined ? [] : [`--identifier=${query.app}`]),
    ...(query.lines === undefined ? (query.follow === true ? ["--no-tail"] : []) : [`--lines=${query.lines}`]),
    ...(query.follow === true ? ["--follow"] : []),
  ];
}
