import type { Host } from "../host/host.ts";
import type { Pod } from "./pod.ts";

/** How an app's last run ended: `$EXIT_CODE $EXIT_STATUS $SERVICE_RESULT` of systemd.exec(5). */
export interface AppEnd {
  readonly code: string;
  readonly status: string;
  /** "success", "exit-code", "signal", "oom-kill", …; absent where an earlier rkt made the generation. */
  readonly result?: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

const longest = 64;

/**
 * How an app of the pod ended: from the file that the pod's own systemd writes, for root and as long as the pod runs, else from
 * `ended`, which the stop script makes of it for readers who are not root.
 *
 * The pod may write what it likes in its status directory. So no link is followed, nothing but a small regular file is read, and
 * what is no such record counts as none: one pod cannot hold up, or drop out of, a list of all.
 */
export function readAppEnd(host: Host, pod: Pick<Pod, "directory">, app: string): AppEnd | undefined {
  return parseEnd(readStatusFile(host, pod, app)) ?? parseEnd(readEnded(host, pod, app));
}

interface Record {
  readonly text: string;
  readonly at: number;
}

function readStatusFile(host: Host, pod: Pick<Pod, "directory">, app: string): Record | undefined {
  try {
    const file = host.files.openWithin(`${pod.directory}/status`, app);
    try {
      return { text: file.readText(longest), at: file.stat.mtimeMs };
    } finally {
      file.close();
    }
  } catch {
    // Not there, not ours to read, or nothing that the pod's systemd would write.
    return undefined;
  }
}

function readEnded(host: Host, pod: Pick<Pod, "directory">, app: string): Record | undefined {
  const path = `${pod.directory}/ended`;
  const line = host.files
    .tryReadText(path)
    ?.split("\n")
    .find((text) => text.startsWith(`${app} `));
  return line === undefined ? undefined : { text: line.slice(app.length + 1), at: host.files.stat(path).mtimeMs };
}

function parseEnd(record: Record | undefined): AppEnd | undefined {
  const match = /^(exited|killed|dumped) ([\w+]{1,16})(?: ([a-z-]{1,32}))?\s*$/.exec(record?.text ?? "");
  if (record === undefined || match === null) return undefined;
  const [, code = "", status = "", result] = match;
  return { code, status, ...(result === undefined ? {} : { result }), at: record.at };
}
