import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Interface } from "node:readline";
import type { VmDisk } from "./disk.ts";
import { qemuArgv, type QemuOptions } from "./qemu-argv.ts";
import { connectQmp, connectWhenThere, linesOf, type Qmp } from "./qmp.ts";

/** A qemu that runs. It ends with this process, however that ends. */
export interface Qemu {
  readonly qmp: Qmp;
  /** Port of the loopback that leads to the machine's port 22. */
  readonly port: number;
  /** The next time that the machine says it runs. Ask before making it boot. */
  booted(): Promise<void>;
  alive(): boolean;
  end(): Promise<void>;
}

/** A boot takes some 15 seconds on two quiet cores. */
const BOOT_LIMIT_MS = 180_000;

export async function startQemu(disk: VmDisk, options: QemuOptions): Promise<Qemu> {
  const [program = "", ...argv] = qemuArgv(disk, options);
  const child = spawn("setpriv", ["--pdeathsig", "KILL", "--", program, ...argv], { stdio: ["ignore", "ignore", "pipe"], detached: true });
  let stderr = "";
  let ended = false;
  child.stderr.on("data", (bytes: Buffer) => (stderr += bytes.toString()));
  const exit = new Promise<void>((resolve) => child.on("close", () => resolve()));
  child.on("close", () => (ended = true));
  forget(child);
  const alive = (): boolean => !ended;
  try {
    const qmp = await connectQmp(join(options.directory, "qmp"), alive);
    const lines = linesOf(await connectWhenThere(join(options.directory, "booted"), alive));
    const port = /HOST_FORWARD]\s+\d+\s+127\.0\.0\.1\s+(\d+)/.exec(await qmp.monitor("info usernet"))?.[1];
    return {
      qmp,
      port: Number(port),
      alive,
      booted: () => withLimit(waitForWord(lines, exit), options.directory),
      async end() {
        child.ref();
        child.kill("SIGKILL");
        await exit;
      },
    };
  } catch (error) {
    child.kill("SIGKILL");
    throw new Error(`Cannot start the virtual machine: ${String(error)}\n${stderr}`, { cause: error });
  }
}

/** A machine that is forgotten must not keep the tests from ending. */
function forget(child: ChildProcess): void {
  child.unref();
  if (child.stderr !== null && "unref" in child.stderr && typeof child.stderr.unref === "function") child.stderr.unref();
}

function waitForWord(lines: Interface, exit: Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    lines.once("line", (state) =>
      state === "running" ? resolve() : reject(new Error(`The virtual machine is ${state}: a unit failed at its boot`)),
    );
    void exit.then(() => reject(new Error("The virtual machine ended while booting")));
  });
}

async function withLimit(booting: Promise<void>, directory: string): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((_, reject) => {
    timer = setTimeout(() => reject(new Error("Timed out waiting for the virtual machine to boot")), BOOT_LIMIT_MS);
  });
  try {
    await Promise.race([booting, limit]);
  } catch (error) {
    const console = readFileSync(join(directory, "console"), "latin1").split("\n").slice(-40).join("\n");
    throw new Error(`${String(error)}\n${console}`, { cause: error });
  } finally {
    clearTimeout(timer);
  }
}
