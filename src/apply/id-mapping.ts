import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { PodDescription } from "../pod/engine.ts";

/** File systems whose mounts the kernel maps no ids of (mount_setattr(2), MOUNT_ATTR_IDMAP). */
const unable: ReadonlySet<string> = new Set([
  "9p",
  "afs",
  "aufs",
  "cifs",
  "ecryptfs",
  "fuse",
  "fuseblk",
  "nfs",
  "nfs4",
  "overlay",
  "proc",
  "smb3",
  "sysfs",
  "zfs",
]);

/** With a user namespace layers, writable layers, journal and some volumes come in id-mapped. Throws `idmap-unsupported`, by name. */
export function checkIdMapping(host: Host, pod: PodDescription, dataDir: string): void {
  if (pod.users === undefined) return;
  const journals = ["/var/log/journal", "/run/log/journal"].filter((path) => host.files.exists(path)).slice(0, 1);
  const volumes = pod.volumes.flatMap((volume) =>
    volume.idmap && volume.kind === "host" && volume.source !== undefined ? [volume.source] : [],
  );
  const mounts = readMounts(host);
  for (const path of [dataDir, ...journals, ...volumes]) {
    const type = typeOf(mounts, path);
    if (type === undefined || !unable.has(type.split(".")[0] ?? "")) continue;
    throw new RktError(
      "idmap-unsupported",
      `Cannot give the pod user ids of its own: ${quoteText(path)} lies on ${type}, which maps no ids`,
      {
        hint: volumes.includes(path) ? "Leave idmap=true out, or choose a directory on ext4, xfs or btrfs" : "Run it without private users",
      },
    );
  }
}

interface Mount {
  readonly point: string;
  readonly type: string;
}

/** proc_pid_mountinfo(5); later mounts hide earlier ones. */
function readMounts(host: Host): Mount[] {
  return (host.files.tryReadText("/proc/self/mountinfo") ?? "").split("\n").flatMap((line) => {
    const [before = "", after = ""] = line.split(" - ");
    const point = before.split(" ")[4];
    return point === undefined
      ? []
      : [
          {
            point: point.replaceAll(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
            type: after.split(" ")[0] ?? "",
          },
        ];
  });
}

function typeOf(mounts: readonly Mount[], path: string): string | undefined {
  const above = mounts.filter(({ point }) => point === "/" || path === point || path.startsWith(`${point}/`));
  const longest = Math.max(...above.map(({ point }) => point.length));
  return above.findLast(({ point }) => point.length === longest)?.type;
}
