import type { AppDescription, PodDescription, VolumeDescription } from "../../pod/engine.ts";
import { appRoot, lowerPath, volumePath, writablePath } from "./names.ts";

/** Kernel interfaces that no app may write, besides what nspawn makes read-only: /sys, /proc/sys, /proc/{acpi,apm,asound,bus,fs,irq,scsi}. */
export const readOnlyPaths = ["/proc/latency_stats", "/proc/mtrr", "/proc/sysrq-trigger"];

/** Kernel interfaces that apps do not see (the original's list, and what nspawn hides in its own /proc from 257 on). */
export const hiddenPaths = [
  ...["/sys/firmware", "/sys/hypervisor", "/sys/module", "/sys/power"],
  ...["/proc/config.gz", "/proc/kallsyms", "/proc/kcore", "/proc/keys", "/proc/kmem", "/proc/mem", "/proc/sched_debug", "/proc/timer_list"],
];

/** As nspawn's own, and kept in a user namespace. */
const options = "bind,ro,nosuid,nodev,noexec";

/**
 * What the pod's PID 1 does before it becomes systemd: it mounts the apps' roots, which so live in the pod's mount namespace and go with it,
 * and covers what no app shall see or write, for all of them. One mount(8) for everything: a unit for each root, and the same paths in each app's
 * unit, take a third of the pod's start. What cannot be mounted ends the pod.
 *
 * systemd 257 and later hand the manager, and so all apps, an inheritable set as large as the bounding set, from which files with inheritable
 * capabilities would give them to apps of any user: setpriv takes it away.
 */
export function bootScript(pod: PodDescription): string {
  return `${[
    "set -eu",
    "{",
    ...pod.apps.map((app) => `  echo '${rootMount(app, pod)}'`),
    ...pod.volumes.filter((volume) => mountsItself(pod, volume)).map((volume) => `  echo '${tmpfsMount(volume)}'`),
    `  for path in ${readOnlyPaths.join(" ")}; do`,
    `    [ ! -e "$path" ] || echo "$path $path none ${options}"`,
    "  done",
    `  for path in ${hiddenPaths.join(" ")}; do`,
    `    if [ -d "$path" ]; then echo "/run/host/inaccessible/dir $path none ${options}"`,
    `    elif [ -e "$path" ]; then echo "/run/host/inaccessible/reg $path none ${options}"; fi`,
    "  done",
    "} > /run/fstab",
    // From 2.39 on mount(8) would hand over each option by itself, of which the kernel takes 255 bytes: too few for the layers of some images.
    "LIBMOUNT_FORCE_MOUNT2=always /usr/bin/mount --all --fstab /run/fstab",
    // nspawn leaves it writable where the network namespace is of its own making.
    ...(pod.network.kind === "none" ? [`/usr/bin/mount --options remount,${options} /proc/sys/net`] : []),
    "exec /usr/bin/setpriv --inh-caps=-all /usr/lib/systemd/systemd",
  ].join("\n")}\n`;
}

/** A line of fstab(5). */
function rootMount(app: AppDescription, { copyTrees }: PodDescription): string {
  // The start has copied the image's trees there.
  if (copyTrees === true) return `${writablePath(app.name)}/upper ${appRoot(app.name)} none bind`;
  return `${overlayMount(app)},userxattr`;
}

/** With user ids of the pod's own, nspawn makes its root the owner of each tmpfs. */
export function mountsItself({ users }: PodDescription, volume: VolumeDescription): boolean {
  return users !== undefined && volume.kind === "tmpfs";
}

/** As nspawn mounts it. */
function tmpfsMount(volume: VolumeDescription): string {
  return `tmpfs ${volumePath(volume.name)} tmpfs nodev,strictatime,${tmpfsOptions(volume)}`;
}

export function tmpfsOptions({ mode, uid, gid, size }: VolumeDescription): string {
  return `mode=${mode},uid=${uid},gid=${gid}${size === undefined ? "" : `,size=${size}`}`;
}

/** Source, target, type and options. */
export function overlayMount(app: AppDescription): string {
  const writable = writablePath(app.name);
  const lower = app.layers.map((_, index) => lowerPath(app.name, index)).join(":");
  return `overlay ${appRoot(app.name)} overlay lowerdir=${lower},upperdir=${writable}/upper,workdir=${writable}/work`;
}
