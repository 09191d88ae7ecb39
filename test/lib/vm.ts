import { spawn, type ChildProcess, type SpawnOptions } from "node:child_process";
import { constants, copyFileSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { makeCommands, type TestMachine } from "./machine.ts";
import { provideDisk, type VmOptions } from "./vm/disk.ts";
import { type Qemu, startQemu } from "./vm/qemu.ts";
import { shellCommand } from "./vm/shell-command.ts";
import { provideSnapshot } from "./vm/snapshot.ts";
import { closeConnection, type Connection, openConnection, sshCommand } from "./vm/ssh.ts";
import { takeTurn, VM_CACHE } from "./vm/turn.ts";

/** Emulated, and beside other tests, what takes a second may take twenty. */
const COMMAND_LIMIT_MS = 480_000;

/**
 * A whole machine with a kernel of its own: limits, out of memory, devices and reboots are real. One at a time: the next one waits.
 * Ending the process that stands for a spawned program does not end the program, unless it has a terminal.
 */
export async function bootVm(options: VmOptions): Promise<TestMachine> {
  const endTurn = await takeTurn();
  const directory = makeRunDirectory(options.suite);
  const release = (): void => {
    rmSync(directory, { recursive: true, force: true });
    endTurn();
  };
  try {
    return await resume(options, directory, release);
  } catch (error) {
    release();
    throw error;
  }
}

/** Whose turn it is finds what others left that were killed. */
function makeRunDirectory(suite: string): string {
  const parent = join(VM_CACHE, "run");
  rmSync(parent, { recursive: true, force: true });
  mkdirSync(parent, { recursive: true });
  return mkdtempSync(join(parent, `${suite}-`));
}

async function resume(options: VmOptions, directory: string, release: () => void): Promise<TestMachine> {
  const disk = await provideDisk(options);
  const drive = join(directory, "drive");
  copyFileSync(await provideSnapshot(disk), drive, constants.COPYFILE_FICLONE);
  const qemu = await startQemu(disk, { directory, drive, resume: true });
  // From here on it goes with qemu, however this process ends.
  rmSync(drive);
  const line = await openLine(qemu, { key: disk.key, directory });
  const name = basename(directory);
  const start = (argv: readonly string[], spawnOptions: SpawnOptions = {}): ChildProcess => {
    const [program = "", ...rest] = line.command(shellCommand(argv, spawnOptions), spawnOptions.stdio === "inherit" && process.stdin.isTTY);
    return spawn(program, rest, { ...spawnOptions, cwd: "/", env: { TERM: spawnOptions.env?.["TERM"] } });
  };
  const commands = makeCommands(name, start, COMMAND_LIMIT_MS);
  // Where it was saved its clock stood still.
  await commands.run(["date", "--set", `@${(Date.now() / 1000).toFixed(3)}`]);
  const bootAgain = async (cause: () => Promise<unknown>): Promise<void> => {
    const booted = qemu.booted();
    await Promise.all([booted, cause()]);
    await line.renew();
  };
  const end = async (): Promise<void> => {
    await qemu.end();
    release();
  };
  return {
    name,
    suite: options.suite,
    ...commands,
    spawn: start,
    reboot: () => bootAgain(() => commands.run(["systemctl", "--no-block", "reboot"])),
    crash: () => bootAgain(() => qemu.qmp.execute("system_reset")),
    end,
    [Symbol.asyncDispose]: end,
  };
}

/** The way in, which each boot makes anew. */
interface Line {
  command(text: string, terminal: boolean): string[];
  renew(): Promise<void>;
}

async function openLine({ port }: Qemu, { key, directory }: { readonly key: string; readonly directory: string }): Promise<Line> {
  const place = (boot: number): Connection => ({ key, port, control: join(directory, `ssh-${boot}`) });
  let boot = 0;
  await openConnection(place(boot));
  return {
    command: (text, terminal) => sshCommand(place(boot), text, terminal),
    async renew() {
      await closeConnection(place(boot));
      boot += 1;
      await openConnection(place(boot));
    },
  };
}
