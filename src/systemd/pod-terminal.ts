import { messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host, OpenFile } from "../host/host.ts";

/** The pod's side of a pseudo terminal whose master side is ours. */
export interface PodTerminal {
  resize(columns: number, rows: number): void;
  /** When the command has ended: the master side then gives what is left, and after it EIO. */
  close(): void;
}

/**
 * Keeps the pod's side open while a command is started on it and ends: whenever nobody has it open, reading the master side
 * fails with EIO, and PID 1 opens and closes it several times. `path` is as the pod sees it: "/dev/pts/3".
 */
export function holdTerminal(host: Host, leader: number, path: string): PodTerminal {
  const terminal = openTerminal(host, leader, path);
  return {
    resize: (columns, rows) => {
      const device = `/proc/${process.pid}/fd/${terminal.fd}`;
      host.programs.run(["stty", "-F", device, "rows", String(rows), "columns", String(columns)], { check: false });
    },
    close: () => terminal.close(),
  };
}

function openTerminal(host: Host, leader: number, path: string): OpenFile {
  try {
    const pin = host.files.openWithin(`/proc/${leader}/root`, path.replace(/^\//, ""));
    try {
      if (pin.type !== "character") throw new Error("it is no terminal");
      return pin.open();
    } finally {
      pin.close();
    }
  } catch (error) {
    throw new RktError("enter-terminal", `Cannot open the pod's terminal ${quoteText(path)}: ${messageOf(error)}`, { cause: error });
  }
}
