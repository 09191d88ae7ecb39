import type { Host } from "../host/host.ts";
import { generationsOf, tryReadPodGeneration } from "../pod/images-in-use.ts";
import { listPods } from "../pod/pod.ts";
import type { PodDirectories } from "../pod/paths.ts";

/** What is younger may belong to a pod that is being made. */
const graceMs = 3_600_000;

/** Takes away kernels, disks and the like of virtual machines that no generation of a pod names any more. Returns what was removed. */
export function sweepMachines(host: Host, dirs: PodDirectories): string[] {
  const directory = `${dirs.dataDir}/vm`;
  const names = host.files.tryList(directory);
  if (names.length === 0) return [];
  const used = machineFilesInUse(host, dirs);
  const swept = names
    .map((name) => `${directory}/${name}`)
    .filter((path) => !used.has(path) && host.clock.now() - (host.files.tryLstat(path)?.ctimeMs ?? host.clock.now()) > graceMs);
  for (const path of swept) host.files.removeTree(path);
  return swept;
}

/** A record that cannot be read keeps everything: it throws. */
function machineFilesInUse(host: Host, dirs: PodDirectories): ReadonlySet<string> {
  const pods = listPods(host, dirs, (error) => {
    throw error;
  });
  return new Set(
    pods.flatMap((pod) =>
      generationsOf(host, pod.directory).flatMap((digest) => tryReadPodGeneration(host, pod, digest)?.machineFiles ?? []),
    ),
  );
}
