import { RktError } from "../base/error.ts";
import type { Host } from "../host/host.ts";
import { parseFields, textOf } from "./fields.ts";

/** What the kernel said when it killed a process. */
export type KernelRecord = OomRecord | SeccompRecord;

export interface OomRecord {
  readonly kind: "oom";
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Control group of the process, and the one whose limit was reached; absent: all of the machine's memory was used. */
  readonly group: string;
  readonly limitGroup?: string;
  /** Its name for itself: anything. */
  readonly process: string;
}

export interface SeccompRecord {
  readonly kind: "seccomp";
  readonly at: number;
  /** Path of the program as the process saw it, and the name of the process: anything. */
  readonly program: string;
  readonly process: string;
  /** AUDIT_ARCH_* */
  readonly architecture: number;
  readonly call: number;
}

const mostRecords = 1000;

/**
 * Of the host's journal, between two times in milliseconds, newest first. The kernel's audit records come to journald by themselves
 * and, without an auditd, through the kernel's log as well. Empty for who may not read that journal, and where there is none.
 */
export function readKernelRecords(host: Host, since: number, until: number): KernelRecord[] {
  const argv = [
    "journalctl",
    "--quiet",
    "--output=json",
    "--output-fields=MESSAGE",
    "--all",
    "--reverse",
    `--lines=${mostRecords}`,
    `--since=@${(since / 1000).toFixed(3)}`,
    `--until=@${(until / 1000).toFixed(3)}`,
    "--case-sensitive=yes",
    "--grep=^(oom-kill:|SECCOMP |audit: type=1326 )",
    // Only journald can set it.
    "_TRANSPORT=kernel",
    "_TRANSPORT=audit",
  ];
  try {
    const lines = host.programs.run(argv, { timeout: 20_000 }).stdout.toString().split("\n");
    return lines.flatMap((line) => parseKernelRecord(line) ?? []);
  } catch (error) {
    if (error instanceof RktError) return [];
    throw error;
  }
}

/** One line of `journalctl --output=json`. */
export function parseKernelRecord(json: string): KernelRecord | undefined {
  const fields = parseFields(json);
  if (fields === undefined) return undefined;
  const at = Number(textOf(fields["__REALTIME_TIMESTAMP"])) / 1000;
  const message = textOf(fields["MESSAGE"]);
  return message.startsWith("oom-kill:") ? parseOom(message, at) : parseSeccomp(message, at);
}

/** Names of groups and processes stand there as they are: a line in which a key occurs twice is one that somebody has forged. */
function parseOom(message: string, at: number): OomRecord | undefined {
  if (message.split("task_memcg=").length !== 2 || message.split("oom_memcg=").length > 2) return undefined;
  const [, limitGroup, group = "", process = ""] =
    /^oom-kill:constraint=\w+,.*?(?:,oom_memcg=(\/.*)|,global_oom),task_memcg=(\/.*),task=(.*),pid=\d+,uid=\d+\s*$/s.exec(message) ?? [];
  if (group === "") return undefined;
  return { kind: "oom", at, group, process, ...(limitGroup === undefined ? {} : { limitGroup }) };
}

/** Text of processes is in quotes, or in hexadecimal digits where it has quotes, spaces or control characters. */
function parseSeccomp(message: string, at: number): SeccompRecord | undefined {
  const value = (name: string, pattern: string): string => new RegExp(` ${name}=(${pattern})(?: |$)`).exec(message)?.[1] ?? "";
  if (!/^(?:SECCOMP |audit: type=1326 )/.test(message) || value("sig", "\\d+") !== "31") return undefined;
  const architecture = value("arch", "[0-9a-f]{1,8}");
  const call = value("syscall", "\\d{1,9}");
  if (architecture === "" || call === "") return undefined;
  const words = '"[^"]*"|[0-9A-F]+|\\(null\\)';
  return {
    kind: "seccomp",
    at,
    program: decodeText(value("exe", words)),
    process: decodeText(value("comm", words)),
    architecture: Number.parseInt(architecture, 16),
    call: Number(call),
  };
}

function decodeText(word: string): string {
  return word.startsWith('"') ? word.slice(1, -1) : Buffer.from(word, "hex").toString();
}
