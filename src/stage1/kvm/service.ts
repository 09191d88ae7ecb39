import { quoteShell } from "../../base/quote-shell.ts";
import { hostProtection } from "../../unit/hardening.ts";
import { machineIdOf, machineNameOf } from "../../base/id.ts";
import type { EnginePlan, PodDescription } from "../../pod/engine.ts";
import { serviceUnitOf } from "../../pod/paths.ts";
import { quoteArgv, quoteValue } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";
import { machineDevices } from "./devices.ts";
import { credentialCommands } from "./credentials.ts";
import { machineDisks } from "./guest-files.ts";
import { cidFile, startChecks } from "./start-checks.ts";
import { goesWith, shareBinds, sharePlaces, volumeCommands, volumeUnits } from "./volumes.ts";
import type { Hypervisor } from "./hypervisor/hypervisor.ts";

/** Who hypervisors are (packaging/sysusers). */
export const user = "rkt-vm";

/** Executes what is for the host: the unit's mounts are its own, also for commands that have all privileges. */
export const outside = ["/usr/bin/nsenter", "--target=1", "--mount", "--net", "--ipc", "--uts", "--"];

/** Writable for the hypervisor, made by systemd for each run. */
export function runtimeDirectory(pod: PodDescription): string {
  return `/run/rkt/vm/${pod.uuid}`;
}

/** What the host's root writes and reads there, and the hypervisor cannot replace: it may only read `ready` and `boot_id`, and write `notified`. */
export function wordsDirectory(pod: PodDescription): string {
  return `/run/rkt/guests/${pod.uuid}`;
}

const usr = ["bin", "sbin", "lib", "lib32", "lib64"];

/** What the machine is made of, on the host and in the jail: the unit binds it for its other commands too, which have no root of their own. */
export function machineFiles(pod: PodDescription): string[] {
  const { kernel = "", program = "/usr/" } = pod.virtualMachine ?? {};
  return [kernel, initrdPath(pod), ...machineDisks(pod), ...(program.startsWith("/usr/") ? [] : [program])];
}

export function initrdPath(pod: PodDescription): string {
  return `${pod.paths.generation}/initrd`;
}

/** The root of the hypervisor, with only what it needs: mount points, and links into /usr. */
export function jailFiles(pod: PodDescription): EnginePlan["files"] {
  const targets = machineFiles(pod).filter((path) => path !== "");
  const shares = sharePlaces(pod);
  const parents = new Set([
    ...["/dev", "/etc", "/proc", "/run", "/sys", "/tmp", "/usr", "/var"],
    ...[...targets, ...shares].flatMap(parentsOf),
    ...shares,
  ]);
  return [
    { kind: "directory", path: "stage1", mode: 0o700 },
    { kind: "directory", path: "stage1/jail", mode: 0o755 },
    ...[...parents].toSorted().map((path) => ({ kind: "directory", path: `stage1/jail${path}`, mode: 0o755 }) as const),
    ...usr.map((name) => ({ kind: "symlink", path: `stage1/jail/${name}`, target: `usr/${name}` }) as const),
    ...targets.map((path) => ({ kind: "file", path: `stage1/jail${path}`, mode: 0o644, content: "" }) as const),
  ];
}

function parentsOf(path: string): string[] {
  const parent = path.slice(0, path.lastIndexOf("/"));
  return parent === "" ? [] : [...parentsOf(parent), parent];
}

/** An app that says itself when it is ready may take as long as it takes, under every engine. */
function startTimeout({ apps, job, virtualMachine }: PodDescription): string {
  if (job || apps.some((app) => app.notify)) return "infinity";
  return virtualMachine?.accelerator === "tcg" ? "15min" : "90s";
}

/** The unit is the jail: an unprivileged process with a root of its own, no capability, and two devices. */
export function serviceLines(pod: PodDescription, hypervisor: Hypervisor | undefined): EntryInput[] {
  const machine = pod.virtualMachine;
  const directory = runtimeDirectory(pod);
  const devices = machineDevices(pod);
  const environment = Object.entries(hypervisor?.environment(directory) ?? {});
  return [
    ["Type", pod.job ? "oneshot" : "notify", "Ready when the guest says that its apps are"],
    ["NotifyAccess", "all"],
    ["TimeoutStartSec", startTimeout(pod), "A guest may hang before its systemd runs"],
    ["RootDirectory", `${pod.paths.generation}/stage1/jail`],
    ["RootDirectoryStartOnly", "yes"],
    ["MountAPIVFS", "yes"],
    ["BindReadOnlyPaths", "/usr"],
    ...machineFiles(pod).map((path): EntryInput => ["BindReadOnlyPaths", `-${escapePath(path)}`]),
    ...shareBinds(pod),
    ["RuntimeDirectory", directory.slice("/run/".length)],
    ["RuntimeDirectoryMode", "0750"],
    ["BindPaths", `-${wordsDirectory(pod)}`, "The start makes it"],
    ["User", user],
    ["SupplementaryGroups", "kvm"],
    ["Delegate", "no"],
    ...environment.map(([name, value]): EntryInput => ["Environment", quoteValue(`${name}=${value}`)]),
    ["NoNewPrivileges", "yes"],
    ["CapabilityBoundingSet", ""],
    ["AmbientCapabilities", ""],
    ["PrivateDevices", "yes"],
    ["BindPaths", devices.map((path) => `-${path}`).join(" "), "The start says which of them is missing"],
    ["DevicePolicy", "closed"],
    ...devices.map((path): EntryInput => ["DeviceAllow", `${path} rw`]),
    ["PrivateNetwork", "yes", "A networked machine's taps are in this namespace"],
    ["PrivateIPC", "yes"],
    ["PrivateUsers", "yes"],
    ["PrivateTmp", "yes"],
    ["PrivateMounts", "yes"],
    ["ProtectProc", "invisible"],
    ["ProcSubset", "pid"],
    ...hostProtection,
    ["RestrictAddressFamilies", "AF_UNIX"],
    ["RestrictRealtime", "yes"],
    ["RestrictSUIDSGID", "yes"],
    ["RemoveIPC", "yes"],
    ["LockPersonality", "yes"],
    ...(machine?.accelerator === "tcg" ? [] : [["MemoryDenyWriteExecute", "yes"] as const]),
    ["SystemCallArchitectures", "native"],
    ["SystemCallFilter", "@system-service"],
    [
      "SystemCallFilter",
      "~@privileged @resources @keyring @mount @setuid @swap @cpu-emulation @debug @module @obsolete @raw-io @reboot @clock",
    ],
    ["SystemCallErrorNumber", "EPERM"],
    ["KeyringMode", "private"],
    ["UMask", "0077"],
    ["IPAddressDeny", "any"],
    ["LimitCORE", "0"],
    [
      "LogRateLimitIntervalSec",
      "30s",
      "The guest's console, of which its kernel's last words are needed: it shall not fill the host's journal",
    ],
    ["LogRateLimitBurst", "500"],
    ["SyslogLevelPrefix", "no", "A guest must not choose a level: what is an emergency is shown on all terminals as it is"],
    ...(pod.apps.some((app) => app.reloadSignal !== undefined)
      ? [["ExecReload", controlLine(pod, 'echo reload 1<>"$0"'), "The guest's systemd sends each app its signal"] as const]
      : []),
    ["ExecStop", stopLine(pod), "The guest's systemd stops the apps in order; what is left after the time limit is killed"],
  ];
}

export function stopLine(pod: PodDescription): string {
  return controlLine(
    pod,
    '[ -n "$MAINPID" ] || exit 0; true >"${0%/*}/stopping"; echo poweroff 1<>"$0"; exec tail --pid="$MAINPID" -s .1 -f /dev/null',
  );
}

/** A script of the host whose `$0` is the pipe of words to the guest (units/guest/rkt_control.service). */
function controlLine(pod: PodDescription, script: string): string {
  return `+${quoteArgv([...outside, "/bin/sh", "-c", script, `${wordsDirectory(pod)}/control`])}`;
}

/** What the unit needs of others: the sockets that its guest connects to. */
export function unitLines(pod: PodDescription): EntryInput[] {
  const sockets = socketNames(pod).join(" ");
  return [
    ["Wants", sockets, "The start says when they do not listen"],
    ["After", sockets],
  ];
}

function socketNames({ console }: PodDescription): string[] {
  return ["status", "journal", "control", ...(console?.kind === "pipes" ? ["console"] : [])].map((name) => `rkt-vm-${name}.socket`);
}

/** Waits for the guest's word, and becomes the hypervisor; the boot's id, made anew for each, is joined to the last argument. */
export function launchScript(pod: PodDescription): string {
  const directory = wordsDirectory(pod);
  const machine = `"$@ rkt.boot_id=$id${sizeWord(pod)}"`;
  return (
    // It fails when systemd has much to do, also after it was heard.
    `(read -r word <${directory}/ready && { for try in 1 2 3 4 5; do systemd-notify --ready --status="The guest runs" && break; sleep 0.2; done; ` +
    `echo yes >${directory}/notified; }) & ` +
    `read -r id <${directory}/boot_id; ${sizeCommand(pod)}${pod.job ? besideJob(directory, machine) : `exec ${machine}`}`
  );
}

/** A job is being started until it ends: systemd stops it by a signal to its main process, and not by ExecStop=. So that one stays. */
function besideJob(directory: string, machine: string): string {
  return (
    `trap 'told=yes; echo yes >${directory}/asked; echo poweroff 1<>${directory}/control' TERM; ${machine} & machine=$!; status=127; ` +
    // The signal ends a wait, too; one for what has been waited for says 127.
    `while told=; wait $machine; found=$?; [ $found = 127 ] || status=$found; [ -n "$told" ]; do :; done; ` +
    `trap - TERM; [ $status -le 128 ] || kill -$((status - 128)) $$; exit $status`
  );
}

/** Of sh: the size of the terminal, and what the guest is told of it. */
export function sizeCommand({ console }: PodDescription): string {
  return console?.kind === "terminal" ? "size=$(stty size 2>/dev/null | tr ' ' x); " : "";
}

export function sizeWord({ console }: PodDescription): string {
  return console?.kind === "terminal" ? "${size:+ rkt.size=$size}" : "";
}

/** Before each start: what hypervisor and guest speak through, and the machine for systemd-machined. */
export function startCommands(pod: PodDescription): string[] {
  const machine = machineIdOf(pod.uuid);
  return [
    `vm=${runtimeDirectory(pod)} guest=${wordsDirectory(pod)}`,
    unitVariable(pod),
    // A unit of another's has made no directory for it.
    ...(pod.name === undefined
      ? [`[ -d "$vm" ] || { modprobe --quiet vhost_vsock || :; mkdir -p -m 0750 "$vm"; chown ${user}: "$vm"; }`]
      : []),
    ...startChecks(pod, machineFiles(pod)),
    ...dropLeftUnits(pod),
    'rm -rf --one-file-system "$guest"; mkdir -p /run/rkt/guests; mkdir -m 0710 "$guest"',
    'printf "%s\\n" "$unit" > "$guest/unit"; echo "${INVOCATION_ID:--}" > "$guest/run"',
    'echo "$pod" > "$guest/pod"',
    `echo ${pod.apps.map(({ name }) => name).join(" ")} > "$guest/apps"`,
    `echo ${pod.journalMaxUse} > "$guest/journal_max"`,
    ...(pod.console?.kind === "pipes" ? [`echo ${quoteShell(pod.console.directory)} > "$guest/console"`] : []),
    '(umask 077; cat /proc/sys/kernel/random/uuid > "$guest/boot_id"; : > "$guest/notified"; mkfifo "$guest/ready" "$guest/control")',
    `chown :${user} "$guest"; chown ${user} "$guest/ready" "$guest/notified" "$guest/boot_id"`,
    ...(pod.job ? [`: > "$guest/asked"; chown ${user} "$guest/asked" "$guest/control"`] : []),
    "mkdir -p -m 0755 /run/rkt/cids",
    `echo ${pod.uuid} > ${cidFile(pod)}`,
    'chown systemd-journal-remote "$journal/$machine"',
    ...credentialCommands(pod, user),
    ...volumeCommands(pod, user),
    leaderCommand(pod, machine),
    ...(pod.virtualMachine?.accelerator === "tcg" ? ["echo 'The virtual machine is emulated, which is slow' >&2"] : []),
  ];
}

/** What stands beside a run: systemd starts it again, as it was, when the pod's unit is restarted, and each run makes its own. */
function dropLeftUnits(pod: PodDescription): string[] {
  const units = [`rkt-machine-${pod.uuid}.service`, ...volumeUnits(pod)];
  return [
    `for left in ${units.join(" ")}; do`,
    '  [ -e "/run/systemd/transient/$left" ] || continue',
    '  systemctl stop -- "$left"; tries=0',
    '  while [ -e "/run/systemd/transient/$left" ] && [ $tries -lt 100 ]; do sleep 0.1; tries=$((tries + 1)); done',
    "done",
  ];
}

/** In sh: the unit's name. Who runs a pod without a name may have a unit of another's. */
export function unitVariable({ name }: PodDescription): string {
  return name === undefined ? 'unit=$(cat "$pod/unit")' : `unit=${quoteShell(serviceUnitOf(name))}`;
}

/**
 * The machine's leader, as systemd-machined knows it: it sees the pod's journal and boot id and no other, so `journalctl -M` does. It holds
 * the pod's lock as long as the pod's unit is not stopped; its own end, which is what "machinectl poweroff" brings about, stops the pod. The
 * addresses of a machine are those in its leader's network namespace: the pod's, where nothing is sent or heard.
 */
function leaderCommand(pod: PodDescription, machine: string): string {
  const id = (machine.match(/../g) ?? []).map((byte) => Number.parseInt(byte, 16)).join(" ");
  // What machined knows of the last run goes a moment after that has ended.
  const register =
    podAddresses(pod)
      .map((address) => `ip address add ${address} dev lo; `)
      .join("") +
    `for try in 1 2 3 4 5 6 7 8 9 10; do busctl --quiet call org.freedesktop.machine1 /org/freedesktop/machine1 org.freedesktop.machine1.Manager RegisterMachine sayssus ` +
    `${machineNameOf(pod.uuid)} 16 ${id} rkt container $$$$ ${pod.paths.generation}/stage1/jail && exec sleep infinity; sleep 0.3; done; exit 1`;
  const sockets = socketNames(pod).join(" ");
  const properties = [
    ...goesWith,
    `Requires='${sockets}'`,
    `After='${sockets}'`,
    "TemporaryFileSystem=/var/log/journal",
    "InaccessiblePaths=-/run/log/journal",
    "PrivateNetwork=yes",
  ];
  return [
    "systemd-run --quiet --service-type=exec",
    `--unit=rkt-machine-${pod.uuid}`,
    `--description='Machine of rkt pod ${pod.uuid}'`,
    ...properties.map((property) => `--property=${property}`),
    '--property=BindReadOnlyPaths="$journal/$machine:/var/log/journal/$machine"',
    '--property=BindReadOnlyPaths="-$guest/boot_id:/proc/sys/kernel/random/boot_id"',
    `--property=ExecStopPost='-/usr/lib/rkt/vm ended ${pod.uuid}'`,
    `-- /usr/bin/flock --wait 10 --no-fork "$lock" /bin/sh -c '${register}'`,
  ].join(" ");
}

function podAddresses({ network }: PodDescription): string[] {
  if (network.kind !== "namespace") return [];
  return network.interfaces.flatMap(({ addresses }) => addresses.map(({ address }) => address));
}

function escapePath(path: string): string {
  return path.replaceAll("%", "%%").replaceAll("\\", "\\\\").replaceAll(":", "\\:");
}
