import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { dropUnused, hash, isThere, makeOnce } from "../cached.ts";
import { providePackage } from "../package.ts";
import type { Suite } from "../suites.ts";
import { VIRTUAL_MACHINE } from "../suites.ts";
import { provideInstalled, provideTree } from "../tree.ts";
import { VM_CACHE } from "./turn.ts";

export interface VmOptions {
  readonly suite: Suite;
  /** Debian packages beyond those of every virtual machine. */
  readonly packages?: readonly string[];
  /** As in `BootOptions`. */
  readonly rkt?: true | false | string;
}

/** Files that machines of the same content are started from. */
export interface VmDisk {
  readonly directory: string;
  /** A whole ext4 file system, with a journal, that nothing writes to. */
  readonly image: string;
  /** Root's private key for ssh. */
  readonly key: string;
  readonly kernel: string;
  readonly initrd: string;
}

const SCRIPT = join(import.meta.dirname, "make-vm.sh");
const FURNISH = join(import.meta.dirname, "furnish.sh");
const SETUP = join(import.meta.dirname, "../setup.sh");

/** The disk of a Debian with rkt installed; made at the first call for these sources. The caller has the turn of all virtual machines. */
export async function provideDisk({ suite, packages, rkt = true }: VmOptions): Promise<VmDisk> {
  setUp();
  const lowers =
    rkt === false
      ? [await provideTree(suite, packages, VIRTUAL_MACHINE)]
      : await provideInstalled(suite, rkt === true ? await providePackage() : rkt, packages, VIRTUAL_MACHINE);
  const kernel = join(VM_CACHE, "kernels", hash([readFileSync(SCRIPT)]));
  if (!isThere(kernel)) await makeOnce(kernel, { script: SCRIPT, argv: ["kernel", kernel], what: "kernel of virtual machines" });
  const key = hash([readFileSync(SCRIPT), readFileSync(FURNISH), kernel, ...lowers]);
  const directory = join(VM_CACHE, "disks", `${suite}-${key}`);
  if (!isThere(directory)) {
    dropUnused(join(VM_CACHE, "disks"));
    await makeOnce(directory, {
      script: SCRIPT,
      argv: ["disk", directory, kernel, lowers.join(":")],
      what: `disk of a virtual machine, ${suite}`,
    });
  }
  return {
    directory,
    image: join(directory, "disk.ext4"),
    key: join(directory, "key"),
    kernel: join(kernel, "vmlinuz"),
    initrd: join(kernel, "initrd"),
  };
}

/** Only who starts a virtual machine needs qemu and what comes with it. */
function setUp(): void {
  if (spawnSync("sh", [SETUP, "vm"], { stdio: ["ignore", "inherit", "inherit"] }).status !== 0)
    throw new Error("Cannot install what virtual machines need");
}
