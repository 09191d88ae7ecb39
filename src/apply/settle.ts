import type { PodName } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { NamedPod } from "../pod/named.ts";
import { listNamedPods, readGeneration } from "../pod/named.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { generationDirectory, serviceUnitOf } from "../pod/paths.ts";
import { sweepDrafts } from "./sweep.ts";

/** Where the units of pods stand: systemd reads it, `enable` honours it, and /etc/systemd/system stays the administrator's. */
export const attachedDirectory = "/etc/systemd/system.attached";

/**
 * Makes drop-in and sockets of every named pod follow from its commit record: what an apply that was cut short left undone
 * is rolled forward, what belongs to no record is taken away. Idempotent; returns the units whose files changed.
 */
export function settleUnits(host: Host, dirs: PodDirectories, attached = attachedDirectory): string[] {
  const wanted = new Map<string, string>();
  let complete = true;
  const pods = listNamedPods(host, dirs, () => (complete = false));
  for (const pod of pods) for (const [path, text] of unitFilesOf(host, dirs, pod)) wanted.set(path, text);
  const changed: string[] = [];
  for (const path of wanted.keys()) {
    const slash = path.lastIndexOf("/");
    sweepDrafts(host, slash < 0 ? attached : `${attached}/${path.slice(0, slash)}`, path.slice(slash + 1));
  }
  for (const path of presentFiles(host, attached)) {
    // A pod whose record cannot be read keeps its units: they fail for want of a verdict, and say so.
    if (wanted.has(path) || !complete) continue;
    host.files.unlink(`${attached}/${path}`);
    removeEmptyDirectory(host, attached, path);
    changed.push(unitOf(path));
  }
  for (const [path, text] of wanted) {
    if (host.files.tryReadText(`${attached}/${path}`) === text) continue;
    const directory = path.includes("/") ? `${attached}/${path.slice(0, path.indexOf("/"))}` : attached;
    host.files.mkdir(directory, { recursive: true, mode: 0o755 });
    host.files.writeAtomic(`${attached}/${path}`, text, { mode: 0o644 });
    changed.push(unitOf(path));
  }
  return [...new Set(changed)];
}

/** Units of an applied pod: the service first, then its sockets, then their proxies. */
export function unitsOf(host: Host, dirs: PodDirectories, pod: NamedPod): string[] {
  const { generation } = pod.commit;
  if (generation === undefined) return [serviceUnitOf(pod.name)];
  const { sockets, proxies = [] } = readGeneration(host, dirs, pod.uuid, generation);
  return [serviceUnitOf(pod.name), ...sockets, ...proxies];
}

function unitFilesOf(host: Host, dirs: PodDirectories, pod: NamedPod): [path: string, text: string][] {
  const { generation } = pod.commit;
  if (generation === undefined) return [];
  const directory = generationDirectory(dirs, pod.uuid, generation);
  const { sockets, proxies = [] } = readGeneration(host, dirs, pod.uuid, generation);
  return [
    [dropInPath(pod.name), host.files.readText(`${directory}/dropin.conf`)],
    ...[...sockets, ...proxies].map((unit): [string, string] => [unit, host.files.readText(`${directory}/units/${unit}`)]),
  ];
}

function dropInPath(name: PodName): string {
  return `${serviceUnitOf(name)}.d/50-rkt.conf`;
}

/** Files of ours below the attached directory, whoever they belong to. */
function presentFiles(host: Host, attached: string): string[] {
  return host.files.tryList(attached).flatMap((entry) => {
    if (entry.startsWith("rkt-proxy@") && entry.endsWith(".service")) return [entry];
    if (!entry.startsWith("rkt-pod@")) return [];
    if (entry.endsWith(".socket")) return [entry];
    if (!entry.endsWith(".service.d")) return [];
    return host.files
      .tryList(`${attached}/${entry}`)
      .filter((file) => file === "50-rkt.conf")
      .map((file) => `${entry}/${file}`);
  });
}

function removeEmptyDirectory(host: Host, attached: string, path: string): void {
  if (!path.includes("/")) return;
  const directory = `${attached}/${path.slice(0, path.indexOf("/"))}`;
  if (host.files.tryList(directory).length === 0) host.files.removeTree(directory);
}

function unitOf(path: string): string {
  return path.includes("/") ? path.slice(0, path.indexOf(".d/")) : path;
}
