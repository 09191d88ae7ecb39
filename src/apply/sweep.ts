import type { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { NamedPod } from "../pod/named.ts";
import { listNamedPods, readStartedRun, runningPods } from "../pod/named.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { namedDirectory } from "../pod/paths.ts";
import { attempt } from "./attempt.ts";

/**
 * Takes away what nothing refers to: drafts of applies that were cut short, generations that are neither a pod's nor the one
 * before it nor the one that runs. Called under the apply lock. Returns what was removed; what cannot be is handed to `fail`, and stays.
 */
export function sweepPods(host: Host, dirs: PodDirectories, fail: (error: RktError) => void): string[] {
  const parent = namedDirectory(dirs);
  const running = runningPods(host, dirs);
  const drafts = host.files
    .tryList(parent)
    .filter((entry) => /^\.(new|gone)-/.test(entry) && tryUuid(entry.replace(/^\.[a-z]+-/, "")) !== undefined);
  for (const entry of drafts) attempt(quoteText(`${parent}/${entry}`), fail, () => host.files.removeTree(`${parent}/${entry}`));
  const pods = listNamedPods(host, dirs);
  const stale = pods.flatMap((pod) => staleGenerations(host, dirs, pod, running.has(pod.uuid)));
  const swept = stale.filter((path) => attempt(quoteText(path), fail, () => buryGeneration(host, path)));
  for (const { directory } of pods) attempt(`drafts in ${quoteText(directory)}`, fail, () => sweepDrafts(host, directory, "commit"));
  return swept;
}

/** What an atomic write of a file left that was cut short before its rename. Call where nobody else writes the file. */
export function sweepDrafts(host: Host, directory: string, name: string): void {
  const drafts = host.files.tryList(directory).filter((entry) => entry.startsWith(`.${name}.`) && entry.endsWith(".tmp"));
  for (const draft of drafts) host.files.unlink(`${directory}/${draft}`);
}

function staleGenerations(host: Host, dirs: PodDirectories, pod: NamedPod, runs: boolean): string[] {
  const keep = new Set<string | undefined>([
    pod.commit.generation,
    pod.commit.previous,
    runs ? readStartedRun(host, pod)?.generation : undefined,
    networkedGeneration(host, dirs, pod),
  ]);
  const entries = host.files.tryList(`${pod.directory}/gen`).filter((entry) => !keep.has(entry));
  return entries.map((entry) => `${pod.directory}/gen/${entry}`);
}

/** By whose files the network that still stands is taken down. */
function networkedGeneration(host: Host, { runDir }: PodDirectories, { uuid }: NamedPod): string | undefined {
  const link = `${runDir}/net/${uuid}`;
  return host.files.tryLstat(link)?.type === "symlink" ? host.files.readLink(link).split("/").at(-2) : undefined;
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

/** At boot nothing runs: what a power loss left of the last runs is put aside, as a stop would have done. `fail` gets what cannot be. */
export function resetAtBoot(host: Host, dirs: PodDirectories, fail: (error: RktError) => void): void {
  const running = runningPods(host, dirs);
  for (const { uuid, directory } of listNamedPods(host, dirs)) {
    if (running.has(uuid) || !host.files.exists(`${directory}/rw`)) continue;
    attempt(quoteText(`${directory}/rw.last`), fail, () => putAside(host, directory));
  }
}

function putAside(host: Host, directory: string): void {
  host.files.removeTree(`${directory}/rw.last`);
  host.files.rename(`${directory}/rw`, `${directory}/rw.last`);
  host.files.writeAtomic(`${directory}/last`, "unknown - -\n", { mode: 0o640 });
  // Of the next start nothing began yet, whatever the one before had come to.
  host.files.writeAtomic(`${directory}/starting`, "\n", { mode: 0o644 });
}
