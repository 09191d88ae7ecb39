import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { NamedPod } from "../pod/named.ts";
import { listNamedPods, readStartedRun, runningPods } from "../pod/named.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { namedDirectory } from "../pod/paths.ts";

/**
 * Takes away what nothing refers to: drafts of applies that were cut short, generations that are neither a pod's nor the one
 * before it nor the one that runs. Called under the apply lock. Returns what was removed.
 */
export function sweepPods(host: Host, dirs: PodDirectories): string[] {
  const parent = namedDirectory(dirs);
  const running = runningPods(host, dirs);
  const drafts = host.files
    .tryList(parent)
    .filter((entry) => /^\.(new|gone)-/.test(entry) && tryUuid(entry.replace(/^\.[a-z]+-/, "")) !== undefined);
  for (const entry of drafts) host.files.removeTree(`${parent}/${entry}`);
  const swept = listNamedPods(host, dirs).flatMap((pod) => staleGenerations(host, pod, running.has(pod.uuid)));
  for (const path of swept) buryGeneration(host, path);
  for (const pod of listNamedPods(host, dirs)) sweepDrafts(host, pod.directory, "commit");
  return swept;
}

/** What an atomic write of a file left that was cut short before its rename. Call where nobody else writes the file. */
export function sweepDrafts(host: Host, directory: string, name: string): void {
  const drafts = host.files.tryList(directory).filter((entry) => entry.startsWith(`.${name}.`) && entry.endsWith(".tmp"));
  for (const draft of drafts) host.files.unlink(`${directory}/${draft}`);
}

function staleGenerations(host: Host, pod: NamedPod, runs: boolean): string[] {
  const keep = new Set<string | undefined>([
    pod.commit.generation,
    pod.commit.previous,
    runs ? readStartedRun(host, pod)?.generation : undefined,
  ]);
  const entries = host.files.tryList(`${pod.directory}/gen`).filter((entry) => !keep.has(entry));
  return entries.map((entry) => `${pod.directory}/gen/${entry}`);
}

/** Half a generation must never stand under a whole one's name. */
function buryGeneration(host: Host, path: string): void {
  const slash = path.lastIndexOf("/");
  if (path.charAt(slash + 1) === ".") return host.files.removeTree(path);
  const grave = `${path.slice(0, slash)}/.gone-${path.slice(slash + 1)}`;
  host.files.removeTree(grave);
  host.files.rename(path, grave);
  host.files.removeTree(grave);
}

/** At boot nothing runs: what a power loss left of the last runs is put aside, as a stop would have done. */
export function resetAtBoot(host: Host, dirs: PodDirectories): void {
  const running = runningPods(host, dirs);
  for (const pod of listNamedPods(host, dirs)) {
    if (running.has(pod.uuid) || !host.files.exists(`${pod.directory}/rw`)) continue;
    host.files.removeTree(`${pod.directory}/rw.last`);
    host.files.rename(`${pod.directory}/rw`, `${pod.directory}/rw.last`);
    host.files.writeAtomic(`${pod.directory}/last`, "unknown - -\n", { mode: 0o640 });
  }
}
