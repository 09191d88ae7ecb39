import { createHash } from "node:crypto";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Uuid } from "../../base/id.ts";
import type { Host } from "../../host/host.ts";
import type { EquipOptions, PodDescription, Stage1Image, VirtualMachine } from "../../pod/engine.ts";
import { chooseHypervisor } from "./choose.ts";
import { credentialDisks } from "./credentials.ts";
import { type CpioEntry, encodeCpio } from "./cpio.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";
import { hypervisors } from "./hypervisor/index.ts";
import { findKernel, type Kernel, listModules, readModule } from "./kernel.ts";
import { readKernelSettings } from "./kernel-settings.ts";
import { assertCarried, guestModules, machineWarnings } from "./limits.ts";
import { copyNames } from "./names.ts";
import { machineInterfaces } from "./network.ts";
import { readMachineSettings } from "./settings.ts";
import { expandImage } from "./kernel-image.ts";
import { machineSize } from "./size.ts";
import { listSystemFiles, type SystemFile } from "./system-files.ts";
import { findVirtiofsd, sharedVolumes } from "./volumes.ts";
import { createWorkshop, makeErofs, type Workshop } from "./workshop.ts";

/** Our own program in the guest, installed with the package. */
export const guestProgram = "/usr/lib/rkt/guest";

/** Changes when what is made here changes without its sources doing so. */
const format = 1;

/** Kernel, first file system and disks, each under a name made of what it was made from: pods share them, and what is there is not made again. */
export function equipPod(
  pod: PodDescription,
  host: Host,
  options: EquipOptions & { readonly hypervisor?: string | undefined },
): PodDescription {
  const { stage1 } = pod;
  const settings = readMachineSettings(options.config());
  const choice = chooseHypervisor(host, settings, options.hypervisor);
  const hypervisor = driverOf(choice.hypervisor);
  const { modules, rare } = guestModules(pod, hypervisor);
  const kernel = findKernel(host, { kernel: settings.kernel, modules, rare, stage1 });
  const layers = [...new Set(pod.apps.flatMap((app) => app.layers))];
  assertCarried(host, hypervisor, kernel, {
    disks: layers.length + credentialDisks(pod, "").length,
    others: machineInterfaces(pod).length + sharedVolumes(pod).length,
  });
  const workshop = createWorkshop(host, options);
  const size = machineSize(pod);
  const virtualMachine: VirtualMachine = {
    ...choice,
    ...(sharedVolumes(pod).length > 0 && hypervisor.shares === "virtiofs" ? { virtiofsd: findVirtiofsd(host) } : {}),
    kernel: provideKernel(workshop, kernel, hypervisor),
    initrd: provideInitrd(workshop, kernel, listModules(host, kernel, modules)),
    system: stage1 === undefined ? provideSystem(workshop) : provideSystemOf(workshop, stage1),
    disks: Object.fromEntries(layers.map((layer) => [layer, provideLayer(workshop, layer)])),
    ...size,
    cid: contextId(pod.uuid),
    kernelSettings: readKernelSettings(host),
    warnings: machineWarnings(pod, { host, hypervisor, kernel, machine: { ...choice, ...size } }),
  };
  return { ...pod, ...copyNames(pod, host), virtualMachine };
}

function driverOf(name: string): Hypervisor {
  const found = hypervisors.find((hypervisor) => hypervisor.name === name);
  if (found === undefined) throw new Error(`No driver "${name}"`);
  return found;
}

/** Of the pod's UUID, so that it stays the same: two pods of a host have the same one once in thousands of millions, and then one does not start. */
function contextId(uuid: Uuid): number {
  return Math.min(Math.max(Number.parseInt(uuid.replaceAll("-", "").slice(-8), 16), 3), 0xff_ff_ff_fe);
}

/** Expanded where the hypervisor takes it so: what a start spends on that is a third of a boot to the guest's first program. */
function provideKernel({ host, provide }: Workshop, { root, image }: Kernel, { kernels }: Hypervisor): string {
  assertBelow(host, root, image);
  const key = keyOf([statKey(host, image)]);
  return provide(kernels === "any" ? `kernel-${key}.expanded` : `kernel-${key}`, (draft) => {
    const bytes = host.files.read(image);
    host.files.write(draft, (kernels === "any" ? expandImage(host, bytes) : undefined) ?? bytes, { mode: 0o644 });
  });
}

function provideInitrd({ host, provide }: Workshop, kernel: Kernel, modules: readonly string[]): string {
  const program = `${kernel.root}${guestProgram}`;
  for (const path of [program, ...modules]) assertBelow(host, kernel.root, path);
  const key = keyOf([program, ...modules].map((path) => statKey(host, path)));
  return provide(`initrd-${key}`, (draft) => host.files.write(draft, encodeCpio(initrdEntries(host, program, modules)), { mode: 0o644 }));
}

/** A link in an image's tree does not lead to the host's files. */
function assertBelow(host: Host, root: string, path: string): void {
  if (root === "") return;
  if (!host.files.exists(path))
    throw new RktError("stage1-image", `Cannot make a virtual machine: its image of stage1 has no ${path.slice(root.length)}`, {
      hint: "Take another image, or Stage1=kvm",
    });
  if (host.files.realPath(path).startsWith(`${root}/`)) return;
  throw new RktError("stage1-image", `Cannot make a virtual machine: ${quoteText(path)} leads out of its image`, {
    hint: "Take another image, or Stage1=kvm",
  });
}

function initrdEntries(host: Host, program: string, modules: readonly string[]): CpioEntry[] {
  const names = modules.map((path) => path.slice(path.lastIndexOf("/") + 1).replace(/\.(xz|zst|gz)$/, ""));
  const directories = ["dev", "proc", "sys", "mod", "pod"];
  return [
    ...directories.map((path): CpioEntry => ({ kind: "directory", path, mode: 0o755 })),
    { kind: "character", path: "dev/console", mode: 0o600, major: 5, minor: 1 },
    { kind: "file", path: "init", mode: 0o755, content: host.files.read(program) },
    { kind: "file", path: "modules", mode: 0o644, content: Buffer.from(names.map((name) => `${name}\n`).join("")) },
    ...modules.map((path, index): CpioEntry => ({
      kind: "file",
      path: `mod/${names[index]}`,
      mode: 0o644,
      content: readModule(host, path),
    })),
  ];
}

/** The guest's /usr, of the image's tree, whose name tells what is in it. */
function provideSystemOf({ host, provide }: Workshop, { root }: Stage1Image): string {
  return provide(`system-${keyOf([root])}.erofs`, (draft) =>
    makeErofs(host, draft, `${root}/usr`, ["-T0", "--all-root", "--exclude-path=lib/modules"]),
  );
}

/** The guest's /usr, of the host's own files. */
function provideSystem({ host, provide }: Workshop): string {
  const files: readonly SystemFile[] = [...listSystemFiles(host), { path: "lib/rkt/guest", source: { file: guestProgram } }];
  const key = keyOf(files.map(({ path, source }) => `${path} ${"file" in source ? statKey(host, source.file) : source.target}`));
  return provide(`system-${key}.erofs`, (draft) => {
    const tree = `${draft}.tree`;
    try {
      for (const { path, source } of files) {
        const target = `${tree}/${path}`;
        host.files.mkdir(target.slice(0, target.lastIndexOf("/")), { recursive: true, mode: 0o755 });
        if ("target" in source) host.files.symlink(source.target, target);
        else host.files.write(target, host.files.read(source.file), { mode: host.files.stat(source.file).mode & 0o755 });
      }
      for (const name of ["sbin", "lib64"]) if (!host.files.exists(`${tree}/${name}`)) host.files.mkdir(`${tree}/${name}`, { mode: 0o755 });
      makeErofs(host, draft, tree, ["-T0", "--all-root"]);
    } finally {
      host.files.removeTree(tree);
    }
  });
}

/** Of a tree of the store, whose name tells what is in it. */
function provideLayer({ host, provide }: Workshop, tree: string): string {
  return provide(`layer-${keyOf([tree])}.erofs`, (draft) => makeErofs(host, draft, tree, []));
}

function statKey(host: Host, path: string): string {
  const { size, mtimeMs, ino } = host.files.stat(path);
  return `${path} ${size} ${mtimeMs} ${ino}`;
}

function keyOf(parts: readonly string[]): string {
  return createHash("sha256")
    .update([format, ...parts].join("\n"))
    .digest("hex")
    .slice(0, 32);
}
