import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { PodName } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { PodPaths, VolumeDescription } from "../pod/engine.ts";
import type { DeclaredVolume } from "../spec/declaration.ts";

/** As the kernel, which has resolved the path before. */
const maxLinks = 40;

export interface VolumePlaces {
  readonly paths: PodPaths;
  /** /var/lib/rkt */
  readonly dataDir: string;
  readonly podName: PodName;
}

/** Checks a declared volume on this host and tells where it lies. Host sources are resolved now and pinned in the plan. */
export function describeVolume(host: Host, volume: DeclaredVolume, places: VolumePlaces): VolumeDescription {
  const common = {
    name: volume.name,
    kind: volume.kind,
    readOnly: volume.readOnly ?? false,
    recursive: volume.recursive ?? true,
    mode: volume.mode ?? "0755",
    uid: volume.uid ?? 0,
    gid: volume.gid ?? 0,
    idmap: volume.kind === "host" ? volume.idmap === true : true,
  };
  if (volume.kind === "tmpfs") return { ...common, type: "directory", ...(volume.size === undefined ? {} : { size: volume.size }) };
  if (volume.kind === "empty") return { ...common, type: "directory", source: emptyVolumePath(places.paths, volume.name) };
  if (volume.kind === "state")
    return { ...common, type: "directory", source: stateVolumePath(places.dataDir, places.podName, volume.name) };
  const source = resolveSource(host, volume);
  if (volume.idmap === true) checkIdmap(host, volume, source);
  const { type } = host.files.stat(source);
  if (type === "character" || type === "block") return { ...common, type: "file", device: true, source };
  return { ...common, type: type === "directory" ? "directory" : "file", source };
}

/** An empty volume lives beside the writable layers, so it is made anew with them. No AC name starts with a dot. */
export function emptyVolumePath(paths: Pick<PodPaths, "rw">, name: string): string {
  return `${paths.rw}/.volumes/${name}`;
}

export function stateVolumePath(dataDir: string, podName: string, name: string): string {
  return `${dataDir}/volumes/${podName}/${name}`;
}

/** A pod's root can leave setuid files in it, which would be root's on the host: nobody else may get to them. */
function checkIdmap(host: Host, volume: DeclaredVolume, source: string): void {
  const parts = source.split("/").filter((part) => part !== "");
  const closed = parts.some((_, index) => {
    const stat = host.files.stat(`/${parts.slice(0, index).join("/")}`);
    return stat.uid === 0 && (stat.mode & 0o011) === 0;
  });
  if (closed) return;
  const where = `${volume.origin.path}:${volume.origin.line}: Cannot use volume ${quoteText(volume.name)}`;
  throw new RktError("volume-idmap", `${where} with idmap=true: others than root may enter the directories above ${quoteText(source)}`, {
    hint: "Put it below a directory of root's with mode 0700, or leave idmap=true out: its files then belong to the pod's high ids",
  });
}

function resolveSource(host: Host, volume: DeclaredVolume): string {
  const where = `${volume.origin.path}:${volume.origin.line}: Cannot use volume ${quoteText(volume.name)}`;
  const wanted = volume.source ?? "";
  if (host.files.tryStat(wanted) === undefined) {
    throw new RktError("volume-missing", `${where}: the host has no ${quoteText(wanted)}`, {
      hint: "Create it, or use kind=state for a directory that rkt makes",
    });
  }
  const source = host.files.realPath(wanted);
  const writable =
    volume.unsafe === true
      ? undefined
      : linkHops(host, wanted, source)
          .map((path) => findWritableParent(host, path))
          .find((parent) => parent !== undefined);
  if (writable !== undefined) {
    throw new RktError(
      "volume-unsafe",
      `${where}: others than root may write ${quoteText(writable)}, so they could lead ${quoteText(wanted)} elsewhere`,
      {
        hint: "Choose a path that only root can change, or add unsafe=true",
      },
    );
  }
  return source;
}

/** The path, each link on its way, and what they come to in the end: whoever can change one of them chooses the volume. */
function linkHops(host: Host, wanted: string, source: string): string[] {
  const hops = [wanted];
  let pending = wanted.split("/");
  let done = "";
  for (let links = 0; pending.length > 0 && links < maxLinks;) {
    const [part = "", ...rest] = pending;
    pending = rest;
    if (part === "" || part === ".") continue;
    const path = part === ".." ? done.slice(0, Math.max(done.lastIndexOf("/"), 0)) : `${done}/${part}`;
    if (host.files.tryLstat(path === "" ? "/" : path)?.type !== "symlink") {
      done = path;
      continue;
    }
    const target = host.files.readLink(path);
    links += 1;
    if (target.startsWith("/")) done = "";
    hops.push(path);
    pending = [...target.split("/"), ...rest];
  }
  return [...hops, source];
}

/** A parent of the path that somebody else could swap entries of. A root-owned entry of a sticky directory stays what it is. */
function findWritableParent(host: Host, path: string): string | undefined {
  const parts = path.split("/").filter((part) => part !== "");
  for (let length = parts.length - 1; length >= 0; length -= 1) {
    const parent = `/${parts.slice(0, length).join("/")}`;
    const stat = host.files.stat(parent);
    const entry = host.files.tryLstat(`/${parts.slice(0, length + 1).join("/")}`);
    const sticky = (stat.mode & 0o1000) !== 0 && entry?.uid === 0;
    if (!sticky && (stat.uid !== 0 || (stat.mode & 0o022) !== 0)) return parent;
  }
  return undefined;
}
