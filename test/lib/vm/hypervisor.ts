import { accessSync, constants, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { hash, isThere, makeOnce } from "../cached.ts";
import type { TestMachine } from "../machine.ts";
import { VM_CACHE } from "./turn.ts";

/** What pods in virtual machines are tested under. No distribution has lkvm: it is tested where it is. */
export const HYPERVISORS = ["qemu", "lkvm"] as const;
export type HypervisorName = (typeof HYPERVISORS)[number];

/** Options of node:test for what runs under it. */
export function needs(hypervisor: HypervisorName): { readonly skip?: string } {
  if (hypervisor === "qemu" || findLkvm() !== undefined) return {};
  return { skip: "there is no lkvm (kvmtool) on PATH or in the folder that RKT_LKVM names" };
}

/** Has the machine run pods with `Stage1=kvm` under this hypervisor. */
export async function useHypervisor(vm: TestMachine, hypervisor: HypervisorName): Promise<void> {
  const config = { rktKind: "kvm", rktVersion: "v1", hypervisors: [hypervisor] };
  await vm.write("/etc/rkt/stage1.d/test.json", JSON.stringify(config));
  if (hypervisor !== "lkvm") return;
  await vm.write("/usr/local/bin/lkvm", readFileSync(findLkvm() ?? ""), 0o755);
  await vm.sh("lkvm version");
}

/** A kernel that has 9p, beside the one for clouds. */
export async function installGenericKernel(vm: TestMachine): Promise<void> {
  const script = join(import.meta.dirname, "make-generic-kernel.sh");
  const directory = join(VM_CACHE, "kernels", `generic-${hash([readFileSync(script)])}`);
  if (!isThere(directory)) await makeOnce(directory, { script, argv: [directory], what: "kernel with 9p" });
  await vm.write("/root/kernel.tar.gz", readFileSync(join(directory, "kernel.tar.gz")));
  await vm.sh("tar x -C / -f /root/kernel.tar.gz; rm /root/kernel.tar.gz");
}

/** Its path. */
export function findLkvm(): string | undefined {
  const folders = [process.env["RKT_LKVM"], ...(process.env["PATH"] ?? "").split(delimiter)].filter(
    (folder) => folder !== undefined && folder !== "",
  );
  return folders.map((folder) => join(folder ?? "", "lkvm")).find(isProgram);
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
