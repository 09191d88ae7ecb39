import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Host } from "../../src/host/host.ts";
import { everyMachine, findKernel, type Kernel, listModules } from "../../src/stage1/kvm/kernel.ts";
import { listSystemFiles } from "../../src/stage1/kvm/system-files.ts";
import { GUEST, run } from "../build/native.ts";

export const flavors = ["coreos", "kvm", "fly"] as const;
export type Flavor = (typeof flavors)[number];

/** Path below the image's root → what is there; directories follow from them. */
export type Contents = ReadonlyMap<string, { readonly content: Buffer; readonly mode: number } | { readonly target: string }>;

/** What finds modules (modprobe(8), without aliases: none is asked for by one). */
const indexes = ["modules.dep", "modules.dep.bin", "modules.softdep", "modules.builtin", "modules.builtin.bin"];

/** Where programs are looked for from outside /usr. */
const merged = ["bin", "sbin", "lib", "lib64"];

export interface Sources {
  readonly root: string;
  /** Our program in virtual machines; undefined: the one that was compiled. */
  readonly guest: string | undefined;
}

/** The tree of a flavor, of files of the distribution. fly only names its engine. */
export function contentsOf(host: Host, flavor: Flavor, { root, guest }: Sources): Contents {
  if (flavor === "fly") return new Map();
  const links = merged.map((name) => [name, { target: `usr/${name}` }] as const);
  const system = listSystemFiles(host, root).map(
    ({ path, source }) => [`usr/${path}`, "target" in source ? source : fileOf(host, source.file)] as const,
  );
  return new Map([...links, ...system, ...(flavor === "kvm" ? machineOf(host, { root, guest }) : [])]);
}

function fileOf(host: Host, path: string): { readonly content: Buffer; readonly mode: number } {
  return { content: host.files.read(path), mode: host.files.stat(path).mode & 0o755 };
}

/** Of any guest under qemu. */
const modules = [...everyMachine, "virtio_net", "virtiofs"];

/** Kernel, the modules that guests load, and our program in them. */
function machineOf(host: Host, { root, guest }: Sources): [string, ReturnType<typeof fileOf>][] {
  const kernel = findKernel(host, { kernel: "auto", modules, rare: [], stage1: root === "" ? undefined : { name: root as never, root } });
  const directory = `usr/lib/modules/${kernel.version}`;
  return [
    [`${directory}/vmlinuz`, { content: host.files.read(kernel.image), mode: 0o644 }],
    ...indexes
      .filter((name) => host.files.exists(`${root}/${directory}/${name}`))
      .map((name): [string, ReturnType<typeof fileOf>] => [
        `${directory}/${name}`,
        { content: host.files.read(`${root}/${directory}/${name}`), mode: 0o644 },
      ]),
    ...modulesOf(host, kernel).map((path): [string, ReturnType<typeof fileOf>] => [
      `${directory}${path.slice(path.indexOf(`/${kernel.version}/`) + kernel.version.length + 1)}`,
      { content: host.files.read(path), mode: 0o644 },
    ]),
    ["usr/lib/rkt/guest", { content: guest === undefined ? strippedGuest() : readFileSync(guest), mode: 0o755 }],
  ];
}

function modulesOf(host: Host, kernel: Kernel): string[] {
  return listModules(host, kernel, modules).toSorted();
}

function strippedGuest(): Buffer {
  const directory = mkdtempSync(join(tmpdir(), "rkt-stage1-"));
  try {
    run("strip", ["--strip-unneeded", "-o", join(directory, "guest"), GUEST]);
    return readFileSync(join(directory, "guest"));
  } finally {
    rmSync(directory, { recursive: true });
  }
}
