import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { Stage1Image } from "../../pod/engine.ts";
import { readImageVersion } from "./kernel-image.ts";

export interface Kernel {
  /** "6.1.0-56-cloud-amd64" */
  readonly version: string;
  readonly image: string;
  /** Below which /boot and /usr/lib/modules are: empty for the host's own, else an image's tree. */
  readonly root: string;
}

/** Drivers of what every machine is made of; what is built into a kernel needs no module. */
export const everyMachine = ["virtio_pci", "virtio_blk", "virtio_console", "vmw_vsock_virtio_transport", "erofs", "overlay"];

export interface KernelWish {
  /** "auto", or the path of an image. */
  readonly kernel: string;
  /** What the guest loads, by name. */
  readonly modules: readonly string[];
  /** Of these, what not every kernel has: the newest one that has them is taken. */
  readonly rare: readonly string[];
  /** Whose image has the kernel, instead of the host. */
  readonly stage1?: Pick<Stage1Image, "name" | "root"> | undefined;
}

/** The kernel of this path; else the newest installed one that has its modules beside it, one made for clouds before others, as it boots faster. */
export function findKernel(host: Host, { kernel, modules, rare, stage1 }: KernelWish): Kernel {
  if (kernel !== "auto" && stage1 === undefined) return namedKernel(host, kernel, modules);
  const installed = installedKernels(host, stage1?.root ?? "");
  if (installed.length === 0) throw noKernel(stage1);
  const best = installed.find((candidate) => rare.every((name) => hasModule(host, candidate, name))) ?? installed[0];
  if (best === undefined) throw new Error("There is one");
  assertModules(host, best, modules);
  return best;
}

function namedKernel(host: Host, path: string, modules: readonly string[]): Kernel {
  const fail = (reason: string, hint: string): RktError =>
    new RktError("kernel-missing", `Cannot make a virtual machine by kernel ${quoteText(path)}: ${reason}`, { hint });
  if (host.files.tryLstat(path) === undefined)
    throw fail("it is not there", '"kernel" of rkt-config(5) names it; "auto" is the newest one');
  const version = readImageVersion(host.files.read(path));
  if (version === undefined) throw fail("it is no image of Linux", "It is a bzImage, as in /boot");
  const kernel = kernelAt(host, "", [path.slice(1), version])[0];
  if (kernel === undefined) throw fail(`/usr/lib/modules/${version} has no modules`, "Install them, and run depmod(8)");
  assertModules(host, kernel, modules);
  return kernel;
}

/** The preferred one first. */
function installedKernels(host: Host, root: string): Kernel[] {
  const kernels = [
    ...host.files.tryList(`${root}/boot`).flatMap((name) => kernelAt(host, root, [`boot/${name}`, /^vmlinuz-(.+)$/.exec(name)?.[1]])),
    // Where distributions keep it without copies in /boot.
    ...host.files
      .tryList(`${root}/usr/lib/modules`)
      .flatMap((version) => kernelAt(host, root, [`usr/lib/modules/${version}/vmlinuz`, version])),
  ];
  return kernels.toSorted(
    (a, b) => Number(b.version.includes("cloud")) - Number(a.version.includes("cloud")) || compareVersions(b.version, a.version),
  );
}

function noKernel(stage1: KernelWish["stage1"]): RktError {
  if (stage1 !== undefined)
    return new RktError(
      "kernel-missing",
      `Cannot make a virtual machine: image ${quoteText(stage1.name)} of its stage1 has no kernel with its modules`,
      {
        hint: "Take an image that has one, or leave the machine the host's with Stage1=kvm",
      },
    );
  return new RktError("kernel-missing", "Cannot make a virtual machine: there is no kernel in /boot with its modules in /usr/lib/modules", {
    hint: "Install the package linux-image-cloud-amd64",
  });
}

function kernelAt(host: Host, root: string, [path, version]: readonly [path: string, version: string | undefined]): Kernel[] {
  const image = `${root}/${path}`;
  if (version === undefined || !host.files.exists(`${root}/usr/lib/modules/${version}/modules.dep`) || !host.files.exists(image)) return [];
  return [{ version, image, root }];
}

function compareVersions(a: string, b: string): number {
  return a.localeCompare(b, "en", { numeric: true });
}

function assertModules(host: Host, kernel: Kernel, modules: readonly string[]): void {
  const missing = modules.filter((name) => !hasModule(host, kernel, name));
  if (missing.length === 0) return;
  throw new RktError(
    "module-missing",
    `Cannot make a virtual machine: kernel ${quoteText(kernel.version)} has no module ${missing.join(", ")}`,
    {
      hint:
        kernel.root !== ""
          ? "Take an image of stage1 that has it"
          : missing.includes("9p")
            ? "Install the package linux-image-amd64"
            : "Install the package linux-image-cloud-amd64 or linux-image-amd64",
    },
  );
}

/** Files of these modules and of those that they need, in the order in which a guest loads them: modprobe(8) knows what depends on what. */
export function listModules(host: Host, kernel: Kernel, modules: readonly string[]): string[] {
  const ifAny = (name: string): string[] => (hasModule(host, kernel, name) ? [name] : []);
  // Libraries of checksums are found by name when they are loaded, and say so nowhere. And systemd complains at each boot where it has no autofs.
  const files = showDepends(host, kernel, [...ifAny("crc32c_generic"), ...modules, ...ifAny("autofs4")])
    .stdout.toString()
    .split("\n")
    .flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []);
  return [...new Set(files)];
}

function hasModule(host: Host, kernel: Kernel, name: string): boolean {
  return showDepends(host, kernel, [name]).status === 0;
}

function showDepends(host: Host, { version, root }: Kernel, names: readonly string[]) {
  // Nothing that this host has forbidden for itself concerns the guest.
  const place = root === "" ? [] : [`--dirname=${root}`];
  return host.programs.run(["modprobe", ...place, "--config=/dev/null", `--set-version=${version}`, "--show-depends", "--all", ...names], {
    check: false,
  });
}

/** Whether the kernel was built with this option, as far as its configuration lies beside it. */
export function isBuiltWith(host: Host, { version, root }: Kernel, option: string): boolean | undefined {
  const text = [`${root}/boot/config-${version}`, `${root}/usr/lib/modules/${version}/config`]
    .map((path) => host.files.tryReadText(path))
    .find(Boolean);
  return text?.split("\n").includes(`${option}=y`);
}

/** A module's bytes as the kernel takes them: distributions compress them in different ways. */
export function readModule(host: Host, path: string): Buffer {
  const program = path.endsWith(".xz") ? "xz" : path.endsWith(".zst") ? "zstd" : path.endsWith(".gz") ? "gzip" : undefined;
  return program === undefined ? host.files.read(path) : host.programs.run([program, "-dc", path]).stdout;
}
