import { quoteShell } from "../../base/quote-shell.ts";
import type { PlanFile, PodDescription } from "../../pod/engine.ts";
import { machineDevices, tunDevice } from "./devices.ts";
import { machineFiles, runtimeDirectory, sizeCommand, sizeWord, user, wordsDirectory } from "./service.ts";
import { shareMounts } from "./volumes.ts";

const devices = ["/dev/null", "/dev/zero", "/dev/full", "/dev/random", "/dev/urandom"];

/**
 * What a unit of ours is by its lines, in one that is not ours: the same root, no capability, the unprivileged user; the network namespace is
 * the one it is started in. There is no filter of calls. Becomes the hypervisor.
 */
export function jailScript(pod: PodDescription, argv: readonly string[], environment: Readonly<Record<string, string>>): PlanFile {
  const vm = runtimeDirectory(pod);
  const nodes = [...devices, ...machineDevices(pod)];
  const content = [
    "set -eu",
    "umask 022",
    `vm=${vm} guest=${wordsDirectory(pod)} jail=${quoteShell(`${pod.paths.generation}/stage1/jail`)}`,
    // As the unit's main process, whichever that is for.
    '( read -r word < "$guest/ready" && { [ -z "${NOTIFY_SOCKET:-}" ] || systemd-notify --pid=$$ --ready --status="The guest runs" || :; } && echo yes > "$guest/notified" ) &',
    'mount --bind "$jail" "$jail"',
    'mount --rbind /usr "$jail/usr"',
    'mount -o remount,bind,ro "$jail/usr"',
    ...machineFiles(pod).map((path) => `mount -o bind,ro ${quoteShell(path)} "$jail"${quoteShell(path)}`),
    'mount -t tmpfs -o mode=755,nosuid,noexec,size=1M dev "$jail/dev"',
    ...(nodes.includes(tunDevice) ? ['mkdir "$jail/dev/net"'] : []),
    `for node in ${nodes.join(" ")}; do : > "$jail$node"; mount --bind "$node" "$jail$node"; done`,
    'mount -t proc -o nosuid,nodev,noexec,hidepid=2 proc "$jail/proc"',
    'mount -t tmpfs -o mode=1777,nosuid,nodev,noexec tmp "$jail/tmp"',
    'mount -t tmpfs -o mode=755,nosuid,nodev,noexec,size=1M run "$jail/run"',
    'mkdir -p "$jail$vm"',
    'mount --bind "$vm" "$jail$vm"',
    ...shareMounts(pod),
    'for path in "$jail" "$jail/dev" "$jail/run"; do mount -o remount,bind,ro "$path"; done',
    ...Object.entries(environment).map(([name, value]) => `export ${name}=${quoteShell(value)}`),
    "ulimit -c 0",
    "umask 077",
    `${sizeCommand(pod)}read -r id < "$guest/boot_id"`,
    `exec unshare --root="$jail" --wd=/ /usr/bin/setpriv --reuid="$(id -u ${user})" --regid="$(id -g ${user})" \\`,
    '  --groups="$(getent group kvm | cut -d: -f3)" --no-new-privs --bounding-set=-all --inh-caps=-all --ambient-caps=-all \\',
    `  ${argv.map(quoteShell).join(" ")}" rkt.boot_id=$id${sizeWord(pod)}"`,
  ];
  return { kind: "file", path: "jail", mode: 0o640, content: content.map((line) => `${line}\n`).join("") };
}
