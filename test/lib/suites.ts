/** The Debian suites that host tests run on, and what their hosts have installed. */
export const SUITES = ["bookworm", "trixie"] as const;
export type Suite = (typeof SUITES)[number];

/** Nothing here compiles or serves the tests' own needs only: a host is what a user's machine is. Test programs are compiled outside. */
export const HOST_PACKAGES: readonly string[] = [
  "acl",
  "attr",
  "busybox-static",
  "bzip2",
  "ca-certificates",
  "curl",
  "dbus",
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

/** Slow, of no use in a throw-away host, or reaching the machine outside through the writable /sys and /proc/sys. */
export const MASKED_UNITS: readonly string[] = [
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
