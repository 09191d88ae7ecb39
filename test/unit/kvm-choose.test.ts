import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createHost } from "../../src/host/node-host.ts";
import type { Host } from "../../src/host/host.ts";
import type { Setting } from "../../src/spec/setting.ts";
import { chooseHypervisor } from "../../src/stage1/kvm/choose.ts";
import { lkvm } from "../../src/stage1/kvm/hypervisor/lkvm.ts";
import { qemu } from "../../src/stage1/kvm/hypervisor/qemu.ts";
import { findKernel } from "../../src/stage1/kvm/kernel.ts";
import { assertCarried, guestModules, machineWarnings } from "../../src/stage1/kvm/limits.ts";
import { readMachineSettings } from "../../src/stage1/kvm/settings.ts";
import { describePod } from "../lib/pod-description.ts";

interface Machine {
  readonly devices?: readonly string[];
  readonly programs?: readonly string[];
  /** Path → content. */
  readonly files?: Readonly<Record<string, string | Buffer>>;
  /** Version → modules. */
  readonly modules?: Readonly<Record<string, readonly string[]>>;
}

const tools = ["mkfs.erofs", "modprobe", "/usr/lib/systemd/systemd-journal-remote"];
const both = ["qemu-system-x86_64", "lkvm", ...tools];
const all = { devices: ["/dev/kvm", "/dev/vhost-vsock"], programs: both };

/** A host that has this and nothing else. */
function hostWith({ devices = [], programs = [], files = {}, modules = {} }: Machine): Host {
  const real = createHost();
  const paths: Record<string, string | Buffer> = {
    ...files,
    ...Object.fromEntries(Object.keys(modules).map((version) => [`/usr/lib/modules/${version}/modules.dep`, ""])),
  };
  const below = (directory: string): string[] => [
    ...new Set(
      Object.keys(paths)
        .filter((path) => path.startsWith(`${directory}/`))
        .map((path) => path.slice(directory.length + 1).split("/")[0] ?? ""),
    ),
  ];
  const stat = real.files.stat("/dev/null");
  return {
    ...real,
    files: {
      ...real.files,
      tryLstat: (path) => (devices.includes(path) ? stat : path in paths ? { ...stat, type: "file" } : undefined),
      exists: (path) => path in paths,
      tryList: below,
      tryReadText: (path) => paths[path]?.toString(),
      read: (path) => Buffer.from(paths[path] ?? ""),
    },
    programs: {
      ...real.programs,
      find: (name) => (programs.includes(name) ? (name.startsWith("/") ? name : `/usr/bin/${name}`) : undefined),
      run: (argv) => {
        const version = argv.find((word) => word.startsWith("--set-version="))?.slice("--set-version=".length) ?? "";
        const names = argv.slice(argv.indexOf("--all") + 1);
        const status = names.every((name) => modules[version]?.includes(name)) ? 0 : 1;
        return { status, signal: null, stdout: Buffer.from(""), stderr: Buffer.from("") } as unknown as ReturnType<Host["programs"]["run"]>;
      },
    },
  };
}

const settingsOf = (...settings: Setting[]) =>
  readMachineSettings(settings.map((setting) => ({ setting, path: "/etc/rkt/stage1.d/kvm.json" })));
const order = (...names: string[]): Setting => ({ kind: "kvm", field: "hypervisors", names });
const emulation: Setting = { kind: "kvm", field: "emulation", allowed: true };
const choose = (machine: Machine, settings: readonly Setting[] = [], wanted?: string) => {
  const { hypervisor, accelerator } = chooseHypervisor(hostWith(machine), settingsOf(...settings), wanted);
  return `${hypervisor} ${accelerator}`;
};

describe("the hypervisor of a machine", () => {
  test("is the first one of the configured order that the host has", () => {
    assert.equal(choose(all), "qemu kvm");
    assert.equal(choose(all, [order("lkvm", "qemu")]), "lkvm kvm");
    assert.equal(choose({ ...all, programs: ["lkvm", ...tools] }), "lkvm kvm");
    assert.equal(choose(all, [order("qemu")], "lkvm"), "lkvm kvm");
  });

  test("emulates only where there is no /dev/kvm, and only if configuration says so", () => {
    const without = { ...all, devices: ["/dev/vhost-vsock"] };
    assert.equal(choose(all, [emulation]), "qemu kvm");
    assert.equal(choose(without, [emulation, order("lkvm", "qemu")]), "qemu tcg");
    assert.throws(() => choose(without), {
      message: /the host has no \/dev\/kvm$/,
      hint: /kvm_intel or kvm_amd.*"emulation" of rkt-config\(5\)/,
    });
    assert.throws(() => choose(without, [emulation], "lkvm"), { code: "vm-device-missing", hint: /^[^"]*$/ });
  });

  test("is said to be missing with the package that has it", () => {
    assert.throws(() => choose({ ...all, programs: tools }), {
      message: 'Cannot make a virtual machine: the host has no program "qemu-system-x86_64" or "lkvm"',
      hint: "Install the package qemu-system-x86",
    });
    assert.throws(() => choose({ ...all, programs: tools }, [], "lkvm"), { hint: /^No distribution ships it/ });
    assert.throws(() => choose({ ...all, devices: ["/dev/kvm"] }), { message: /no \/dev\/vhost-vsock/, hint: /vhost_vsock/ });
    assert.throws(() => choose({ ...all, programs: both.filter((name) => name !== "mkfs.erofs") }), { hint: /erofs-utils/ });
    assert.throws(() => settingsOf(order("qemu", "xen")), {
      message: 'Cannot make a virtual machine: "/etc/rkt/stage1.d/kvm.json" names the hypervisor "xen", which rkt does not know',
      hint: "Name qemu or lkvm",
    });
  });
});

/** The part of a bzImage that is read. */
function bzImage(version: string): Buffer {
  const image = Buffer.alloc(0x400);
  image.write("HdrS", 0x202);
  image.writeUInt16LE(0x100, 0x20e);
  image.write(`${version} (x@y) #1\0`, 0x300);
  return image;
}

describe("the kernel of a machine", () => {
  const files = Object.fromEntries(
    ["6.1.0-9-cloud", "6.1.0-10-cloud", "6.12.0"].map((version) => [`/boot/vmlinuz-${version}`, bzImage(version)]),
  );
  const modules = { "6.1.0-9-cloud": ["erofs"], "6.1.0-10-cloud": ["erofs"], "6.12.0": ["erofs", "9p"] };
  const host = hostWith({ files, modules });
  const find = (kernel: string, names = ["erofs"], rare: string[] = []) => findKernel(host, { kernel, modules: names, rare }).version;

  test("is the newest one for clouds, unless only another one has what is needed", () => {
    assert.equal(find("auto"), "6.1.0-10-cloud");
    assert.equal(find("auto", ["erofs", "9p"], ["9p"]), "6.12.0");
    assert.throws(() => find("auto", ["erofs", "virtiofs"], ["virtiofs"]), {
      message: /kernel "6\.1\.0-10-cloud" has no module virtiofs/,
      hint: /linux-image-cloud-amd64/,
    });
    assert.throws(() => findKernel(hostWith({}), { kernel: "auto", modules: [], rare: [] }), { code: "kernel-missing" });
  });

  test("is the one that configuration names, whose version its image tells", () => {
    const own = hostWith({ files: { "/srv/image": bzImage("6.12.0"), "/srv/other": "ELF", "/srv/lone": bzImage("7.0") }, modules });
    const named = (kernel: string) => findKernel(own, { kernel, modules: ["9p"], rare: ["9p"] });
    assert.deepEqual(named("/srv/image"), { version: "6.12.0", image: "/srv/image", root: "" });
    assert.throws(() => named("/srv/nothing"), { message: /by kernel "\/srv\/nothing": it is not there/ });
    assert.throws(() => named("/srv/other"), { message: /it is no image of Linux/ });
    assert.throws(() => named("/srv/lone"), { message: /\/usr\/lib\/modules\/7\.0 has no modules/ });
  });
});

describe("what a hypervisor cannot carry", () => {
  const kernel = { version: "6.1.0-10-cloud", image: "/boot/vmlinuz", root: "" };

  test("is refused in words, or said", () => {
    const host = hostWith({ files: { "/boot/vmlinuz": "ELF", "/boot/config-6.1.0-10-cloud": "# CONFIG_X86_MPPARSE is not set\n" } });
    assert.doesNotThrow(() => assertCarried(host, qemu, kernel, { disks: 20, others: 7 }));
    assert.throws(() => assertCarried(host, qemu, kernel, { disks: 20, others: 8 }), {
      message: /under qemu: it takes 28 devices, and the pod has 21 disks and 8 volumes of the host and interfaces/,
    });
    assert.throws(() => assertCarried(host, lkvm, kernel, { disks: 4, others: 0 }), {
      message: /under lkvm: it takes 4 disks, and the pod needs 5, for its system, its images' layers and its credentials/,
    });
    assert.throws(() => assertCarried(host, lkvm, kernel, { disks: 3, others: 0 }), {
      message: /it starts no kernel like "\/boot\/vmlinuz", which is no bzImage/,
    });
    const pod = describePod();
    const warn = (hypervisor: typeof lkvm, machine: { readonly accelerator: "kvm" | "tcg"; readonly cpus: number }) =>
      machineWarnings(pod, { host, hypervisor, kernel, machine });
    assert.deepEqual(warn(qemu, { accelerator: "kvm", cpus: 4 }), []);
    assert.match(warn(qemu, { accelerator: "tcg", cpus: 1 }).join(), /emulated by qemu, which is slow: the host has no \/dev\/kvm/);
    const [shares, processors] = warn(lkvm, { accelerator: "kvm", cpus: 2 });
    assert.match(shares ?? "", /^9p carries "data".* under lkvm/);
    assert.match(processors ?? "", /one processor under lkvm instead of 2: kernel 6\.1\.0-10-cloud lacks CONFIG_X86_MPPARSE/);
  });

  test("a guest loads drivers of what it has, and no others", () => {
    const pod = { ...describePod(), volumes: [], network: { kind: "none" } as const };
    assert.ok(!guestModules(pod, lkvm).modules.some((name) => /9p|virtiofs|virtio_net/.test(name)));
    assert.deepEqual(guestModules(describePod(), lkvm).rare, ["9p", "9pnet_virtio"]);
    assert.deepEqual(guestModules(describePod(), qemu).rare, ["virtiofs"]);
  });
});
