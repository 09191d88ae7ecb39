import { randomBytes } from "node:crypto";
import type { TestMachine } from "./machine.ts";

export interface Shell {
  /** Runs a command in the one shell, so that variables and the directory persist; standard input is empty. */
  run(command: string, onOutput: (text: string) => void): Promise<{ readonly status: number; readonly output: string }>;
  close(): void;
}

const LIMIT_MS = 180_000;

/** A shell of root in the host that stays for several commands. */
export function openShell(host: TestMachine): Shell {
  const mark = `end-${randomBytes(8).toString("hex")}`;
  const child = host.spawn(["bash", "--noprofile", "--norc"], {
    stdio: ["pipe", "pipe", "inherit"],
    cwd: "/root",
    env: { PAGER: "cat", SYSTEMD_PAGER: "cat" },
  });
  const { stdin, stdout } = child;
  if (stdin === null || stdout === null) throw new Error("Cannot open a shell");
  return {
    async run(command, onOutput) {
      let output = "";
      return await new Promise((resolve, reject) => {
        const finish = (act: () => void): void => {
          clearTimeout(timer);
          stdout.off("data", read);
          child.off("close", closed);
          act();
        };
        const timer = setTimeout(() => finish(() => reject(new Error(`Timed out: ${command}`))), LIMIT_MS);
        const closed = (): void => finish(() => reject(new Error(`The shell ended at: ${command}`)));
        const read = (bytes: Buffer): void => {
          output += bytes.toString();
          const end = output.indexOf(`${mark} `);
          if (end === -1) onOutput(bytes.toString());
          if (end === -1 || !output.endsWith("\n")) return;
          const status = Number(output.slice(end + mark.length));
          const shown = output.slice(0, end);
          onOutput(shown.slice(Math.max(0, output.length - bytes.length)));
          finish(() => resolve({ status, output: shown }));
        };
        stdout.on("data", read);
        child.on("close", closed);
        stdin.write(`{\n${command}\n} </dev/null 2>&1\nprintf '%s %d\\n' ${mark} $?\n`);
      });
    },
    close: () => void stdin.end(),
  };
}
