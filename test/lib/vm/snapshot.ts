import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { hash } from "../cached.ts";
import type { VmDisk } from "./disk.ts";
import { startQemu } from "./qemu.ts";
import { MACHINE, SNAPSHOT } from "./qemu-argv.ts";

/** A drive above the disk that holds a booted machine, to be copied and resumed; made at the first call, by a boot. */
export async function provideSnapshot(disk: VmDisk): Promise<string> {
  const version = execFileSync("qemu-system-x86_64", ["--version"]);
  const snapshot = join(disk.directory, `booted-${hash([version, MACHINE.join()])}.qcow2`);
  if (existsSync(snapshot)) return snapshot;
  const started = Date.now();
  process.stderr.write("test host: booting a virtual machine …\n");
  const directory = mkdtempSync(join(disk.directory, "boot-"));
  try {
    const drive = join(directory, "drive");
    createDrive(drive, disk.image);
    const qemu = await startQemu(disk, { directory, drive, resume: false });
    try {
      await qemu.booted();
      await qemu.qmp.execute("stop");
      const complaint = await qemu.qmp.monitor(`savevm ${SNAPSHOT}`);
      if (complaint !== "") throw new Error(`Cannot save the virtual machine: ${complaint}`);
    } finally {
      await qemu.end();
    }
    renameSync(drive, snapshot);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
  process.stderr.write(`test host: booting a virtual machine done in ${((Date.now() - started) / 1000).toFixed(1)} s\n`);
  return snapshot;
}

function createDrive(drive: string, image: string): void {
  const argv = ["create", "-q", "-f", "qcow2", "-b", image, "-F", "raw", drive];
  const result = spawnSync("qemu-img", argv, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`Cannot make a drive: ${result.stderr}`);
}
