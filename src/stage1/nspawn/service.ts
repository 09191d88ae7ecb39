import { machineNameOf } from "../../base/id.ts";
import type { PodDescription } from "../../pod/engine.ts";
import { quoteArgv } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";

/**
 * The complement of nspawn's own allow list, as a deny list that systemd compiles in no time. bpf is denied for another reason
 * too: with it, the pod's PID 1 spends a hundred milliseconds on BPF set-up.
 */
const denied =
  "~@clock @cpu-emulation @keyring @module @obsolete @pkey @raw-io @swap bpf fanotify_init fanotify_mark kexec_file_load kexec_load " +
  "lookup_dcookie nfsservctl open_by_handle_at perf_event_open quotactl quotactl_fd userfaultfd acct syslog";

/** What the pod's unit needs for nspawn. */
export function serviceLines(pod: PodDescription): EntryInput[] {
  return [
    ...(pod.job ? ([["Type", "oneshot", "A job: start waits for its end"]] as const) : []),
    [
      "Environment",
      "SYSTEMD_SECCOMP=0",
      "nspawn would compile its filter at each start, which costs most of it; the list below is inherited by the whole pod",
    ],
    ["SystemCallArchitectures", "native"],
    ["SystemCallErrorNumber", "EPERM"],
    ["SystemCallFilter", denied],
    [
      "Environment",
      "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
      "systemd 252 looks for the systemd inside before /usr is there, and would fall back to cgroup v1",
    ],
    ["Environment", "SYSTEMD_NSPAWN_CONTAINER_SERVICE=rkt", "What machinectl shows as SERVICE"],
    ["UnsetEnvironment", "SYSTEMD_NSPAWN_API_VFS_WRITABLE", "With it the pod could write the host's settings"],
    ["SyslogLevelPrefix", "no", "A pod must not choose a level for its console: what is an emergency is shown on all terminals as it is"],
    ["DevicePolicy", "closed"],
    ["DeviceAllow", "char-pts rw"],
    ["DeviceAllow", "/dev/net/tun rwm", "nspawn makes it where the host has it"],
    ...pod.devices.map((device): EntryInput => [
      "DeviceAllow",
      `${device.path.replaceAll("%", "%%")} ${device.access.includes("m") ? device.access : `${device.access}m`}`,
    ]),
    ...pod.volumes
      .filter((volume) => volume.device === true)
      .map(({ source = "", readOnly }): EntryInput => ["DeviceAllow", `${source.replaceAll("%", "%%")} ${readOnly ? "r" : "rw"}`]),
    ...reloadLines(pod),
  ];
}

/** `systemctl reload`: nspawn's only child is the pod's PID 1, which sends each app the signal it asked for (kbrequest.target). */
function reloadLines(pod: PodDescription): EntryInput[] {
  if (pod.apps.every((app) => app.reloadSignal === undefined)) return [];
  const script = "kill -WINCH $(cat /proc/$MAINPID/task/$MAINPID/children)";
  return [["ExecReload", quoteArgv(["/bin/sh", "-c", script])]];
}

/**
 * What an nspawn that was killed leaves, and what the next start would be refused for: its entry in machined, which keeps it as long
 * as the unit is not inactive, and so over a restart; on systemd 257 and later a mount of the pod's on the host.
 */
export function stopCommands(pod: PodDescription): string[] {
  const machine = machineNameOf(pod.uuid);
  const unregister = "org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager UnregisterMachine s";
  return [
    `[ "\${SERVICE_RESULT:-}" = success ] || busctl --quiet --timeout=5 call ${unregister} ${machine} 2>/dev/null`,
    `[ "\${SERVICE_RESULT:-}" = success ] || for path in /run/systemd/nspawn/unix-export/${machine} /run/systemd/nspawn/${machine}/unix-export; do ` +
      `umount -ql "$path" 2>/dev/null; rmdir "$path" 2>/dev/null; done`,
  ];
}
