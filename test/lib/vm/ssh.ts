import { spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import { collect } from "../run.ts";

export interface Connection {
  readonly key: string;
  readonly port: number;
  /** Socket of the connection that all commands share. */
  readonly control: string;
}

const DEADLINE_MS = 60_000;
const MACHINE = "root@127.0.0.1";

/** Words that every ssh of ours begins with. What is behind a port of the loopback that qemu holds can be no other machine. */
function words({ key, port, control }: Connection): string[] {
  const options = [
    "BatchMode=yes",
    "StrictHostKeyChecking=no",
    "UserKnownHostsFile=/dev/null",
    "LogLevel=ERROR",
    "ConnectTimeout=5",
    `IdentityFile=${key}`,
    "IdentitiesOnly=yes",
    `ControlPath=${control}`,
  ];
  return ["-F", "none", ...options.flatMap((option) => ["-o", option]), "-p", String(port)];
}

/** Opens the connection, which stays in the background until the machine ends. One that meets a boot is tried again. */
export async function openConnection(connection: Connection): Promise<void> {
  const argv = [...words(connection), "-M", "-N", "-f", MACHINE];
  const end = Date.now() + DEADLINE_MS;
  for (;;) {
    const result = await collect(spawn("ssh", argv, { stdio: "pipe" }), ["ssh", ...argv], {});
    if (result.status === 0) return;
    if (Date.now() > end) throw new Error(`Cannot reach the virtual machine: ${result.stderr}`);
    await delay(100);
  }
}

export async function closeConnection(connection: Connection): Promise<void> {
  const argv = [...words(connection), "-O", "exit", MACHINE];
  await collect(spawn("ssh", argv, { stdio: "pipe" }), ["ssh", ...argv], {});
}

/** Command line of a shell command in the machine, over the connection and over nothing else. */
export function sshCommand(connection: Connection, command: string, terminal: boolean): string[] {
  return ["ssh", ...words(connection), "-o", "ProxyCommand=false", ...(terminal ? ["-t", "-t"] : ["-T"]), MACHINE, command];
}
