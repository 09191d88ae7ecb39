/** The Debian suites that host tests run on, and what their hosts have installed. */
export const SUITES = ["bookworm", "trixie"] as const;
export type Suite = (typeof SUITES)[number];

/** Nothing here compiles or serves the tests' own needs only: a host is what a user's machine is. Test programs are compiled outside. */
const HOST_PACKAGES: readonly string[] = [
  "acl",
  "attr",
  "busybox-static",
  "bzip2",
  "ca-certificates",
  "curl",
  "dbus",
  "dtach",
  "etcd-client",
  "etcd-server",
  "gawk",
  "gpg",
  "gpg-agent",
  "iproute2",
  "kmod",
  "less",
  "libcap2-bin",
  "libnss-mymachines",
  "man-db",
  "nbdkit",
  "nftables",
  "openssl",
  "procps",
  "socat",
  "strace",
  "systemd",
  "systemd-container",
  "systemd-sysv",
  "udev",
  "util-linux",
  "xz-utils",
  "zstd",
];

/** What a virtual machine has beyond that: a way in, what a Debian on hardware comes with, and what pods in virtual machines need. */
const VM_PACKAGES: readonly string[] = [
  "apparmor",
  "e2fsprogs",
  "erofs-utils",
  "libpam-systemd",
  "openssh-server",
  "qemu-system-x86",
  "systemd-journal-remote",
];

/** Debian 12 has it in a package that qemu needs. */
const SUITE_VM_PACKAGES: Readonly<Record<Suite, readonly string[]>> = { bookworm: [], trixie: ["virtiofsd"] };

/** Slow, of no use in a throw-away host, or reaching the machine outside through the writable /sys and /proc/sys. */
const MASKED_IN_NSPAWN: readonly string[] = [
  "apt-daily-upgrade.timer",
  "apt-daily.timer",
  "console-getty.service",
  "container-getty@.service",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "etcd.service",
  "fstrim.timer",
  "getty.target",
  "getty@.service",
  "kmod-static-nodes.service",
  "ldconfig.service",
  "man-db.timer",
  "modprobe@.service",
  "podman-auto-update.service",
  "podman-auto-update.timer",
  "podman-clean-transient.service",
  "podman-restart.service",
  "sys-kernel-config.mount",
  "sys-kernel-debug.mount",
  "sys-kernel-tracing.mount",
  "systemd-binfmt.service",
  "systemd-firstboot.service",
  "systemd-modules-load.service",
  "systemd-networkd.service",
  "systemd-pstore.service",
  "systemd-random-seed.service",
  "systemd-sysctl.service",
  "systemd-timesyncd.service",
  "systemd-tmpfiles-clean.timer",
  "systemd-udev-settle.service",
  "systemd-udev-trigger.service",
  "systemd-udevd-control.socket",
  "systemd-udevd-kernel.socket",
  "systemd-udevd.service",
  "systemd-update-utmp.service",
  "systemd-update-utmp-runlevel.service",
  "var-lib-machines.mount",
];

/** Slow, of no use without a user at its console, or at work when a saved machine's clock is set. */
const MASKED_IN_VM: readonly string[] = [
  "apt-daily-upgrade.timer",
  "apt-daily.timer",
  "dev-hugepages.mount",
  "dpkg-db-backup.timer",
  "e2scrub_all.timer",
  "e2scrub_reap.service",
  "etcd.service",
  "fstrim.timer",
  "getty.target",
  "man-db.timer",
  "modprobe@drm.service",
  "systemd-binfmt.service",
  "systemd-firstboot.service",
  "systemd-networkd.service",
  "systemd-pstore.service",
  "systemd-timesyncd.service",
  "systemd-tmpfiles-clean.timer",
  "user@.service",
  "var-lib-machines.mount",
];

/** How hosts of a suite differ by what they run in. */
export interface HostKind {
  readonly packages: readonly string[];
  readonly suitePackages?: Readonly<Record<Suite, readonly string[]>>;
  readonly masked: readonly string[];
}

export const NSPAWN_HOST: HostKind = { packages: HOST_PACKAGES, masked: MASKED_IN_NSPAWN };
export const VIRTUAL_MACHINE: HostKind = {
  packages: [...HOST_PACKAGES, ...VM_PACKAGES],
  suitePackages: SUITE_VM_PACKAGES,
  masked: MASKED_IN_VM,
};

/** RKT_SUITE=trixie restricts the tests to one suite. */
export function chosenSuites(): readonly Suite[] {
  const only = process.env["RKT_SUITE"];
  return only === undefined || only === "" ? SUITES : [parseSuite(only)];
}

export function parseSuite(text: string): Suite {
  const suite = SUITES.find((name) => name === text);
  if (suite === undefined) throw new Error(`Cannot use suite "${text}": it is none of ${SUITES.join(", ")}`);
  return suite;
}
