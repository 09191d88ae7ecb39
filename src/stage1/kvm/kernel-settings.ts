import type { Host } from "../../host/host.ts";

/**
 * What an administrator sets for all programs of a host (sysctl.d(5)), and what is on a host by its systemd: pods under nspawn have it with the
 * kernel. What follows from a machine's size or its hardware is the guest's own, and what leads to a program of the host too.
 */
const shared = [
  ...["fs/inotify/max_queued_events", "fs/inotify/max_user_instances", "fs/nr_open", "fs/pipe-max-size"],
  ...["fs/protected_fifos", "fs/protected_hardlinks", "fs/protected_regular", "fs/protected_symlinks", "fs/suid_dumpable"],
  ...["kernel/dmesg_restrict", "kernel/kptr_restrict", "kernel/perf_event_paranoid", "kernel/pid_max", "kernel/randomize_va_space"],
  ...["kernel/unprivileged_bpf_disabled", "kernel/unprivileged_userns_clone", "kernel/yama/ptrace_scope"],
  ...["vm/max_map_count", "vm/mmap_min_addr", "vm/overcommit_memory", "vm/overcommit_ratio", "vm/swappiness"],
];

/** Settings of the host as they are now, for a guest's kernel: path below /proc/sys, and value. */
export function readKernelSettings(host: Host): { readonly path: string; readonly value: string }[] {
  return shared.flatMap((path) => {
    const value = host.files.tryReadText(`/proc/sys/${path}`)?.trim() ?? "";
    return /^-?\d+$/.test(value) ? [{ path, value }] : [];
  });
}
