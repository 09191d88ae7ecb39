import type { Uuid } from "../base/id.ts";
import { machineIdOf, tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { PodDirectories } from "../pod/paths.ts";

/** Where a host keeps journals, of pods too: persistent and volatile (systemd-journald.service(8)). */
const journalDirectories = ["/var/log/journal", "/run/log/journal"];

/** Remembers that a pod is gone: its journal outlives it, and gc must know whose it was. */
export function recordGone(host: Host, dirs: PodDirectories, uuid: Uuid): void {
  noteGone(host, dirs, uuid);
  for (const path of [`${goneDirectory(dirs)}/${uuid}`, goneDirectory(dirs)]) host.files.sync(path);
}

/** The same for those who do it for many: a power loss may undo it until the file system is synced. */
export function noteGone(host: Host, dirs: PodDirectories, uuid: Uuid): void {
  host.files.mkdir(goneDirectory(dirs), { recursive: true, mode: 0o2750 });
  host.files.write(`${goneDirectory(dirs)}/${uuid}`, "", { mode: 0o640 });
}

/** Was there a pod with it, of which nothing but the journal is left? */
export function isGone(host: Host, dirs: PodDirectories, uuid: Uuid): boolean {
  return host.files.exists(`${goneDirectory(dirs)}/${uuid}`);
}

/** Removes the journals of pods that are gone for longer than `keepMs`. Returns the UUIDs. Nobody else's journal is touched. */
export function removeOldJournals(host: Host, dirs: PodDirectories, keepMs: number): Uuid[] {
  const removed: Uuid[] = [];
  for (const entry of host.files.tryList(goneDirectory(dirs))) {
    const uuid = tryUuid(entry);
    const record = `${goneDirectory(dirs)}/${entry}`;
    if (uuid === undefined || host.clock.now() - host.files.stat(record).mtimeMs < keepMs) continue;
    if (!host.files.exists(`${dirs.dataDir}/pods/named/${uuid}`)) {
      for (const directory of journalDirectories) host.files.removeTree(`${directory}/${machineIdOf(uuid)}`);
      removed.push(uuid);
    }
    host.files.unlink(record);
  }
  return removed;
}

function goneDirectory(dirs: PodDirectories): string {
  return `${dirs.dataDir}/pods/gone`;
}
