import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcName } from "../base/id.ts";
import type { VolumeDescription } from "../pod/engine.ts";
import type { MountPoint } from "../spec/appc.ts";
import type { AppDeclaration, DeclaredVolume, Origin } from "../spec/declaration.ts";
import { isReservedTarget } from "../spec/volume.ts";
import type { RootfsView } from "./rootfs-view.ts";

export interface ResolvedMount {
  readonly volume: AcName;
  readonly path: string;
  readonly readOnly: boolean;
}

interface PlacedMount extends ResolvedMount {
  readonly origin: Origin;
}

/** All of the pod's, and which of them it declares. */
export interface PodVolumes {
  readonly volumes: readonly VolumeDescription[];
  readonly named: ReadonlySet<string>;
}

/**
 * The mounts of one app: Mount= first, then each mount point of the image that none of them covers, by a volume of its
 * name, else by an implicit empty volume `APP-MOUNTPOINT` (appc spec; the original's rule). Targets are resolved inside the image.
 * Errors, with file and line: `mount-target`, `volume-implicit`.
 */
export function resolveMounts(
  app: AppDeclaration,
  points: readonly MountPoint[],
  { volumes, named }: PodVolumes,
  view: RootfsView,
): ResolvedMount[] {
  const mounts = app.mounts.map((mount): PlacedMount => {
    const volume = volumes.find((candidate) => candidate.name === mount.volume);
    const point = points.find((candidate) => cleanPath(candidate.path) === cleanPath(mount.path));
    const readOnly = mount.readOnly ?? (volume?.readOnly === true || point?.readOnly === true);
    return { volume: mount.volume, path: view.resolve(mount.path), readOnly, origin: mount.origin };
  });
  for (const point of points) {
    const path = view.resolve(point.path);
    if (mounts.some((mount) => mount.path === path)) continue;
    const volume = volumes.find((candidate) => candidate.name === point.name && named.has(point.name));
    const readOnly = volume?.readOnly === true || point.readOnly === true;
    mounts.push({ volume: volume?.name ?? findImplicit(app, point, volumes), path, readOnly, origin: app.origin });
  }
  checkTargets(app, mounts);
  return mounts.map(({ origin: _origin, ...mount }) => mount);
}

/** Volumes that `resolveMounts` takes for granted: one per mount point of the image that nothing else covers. Throws `volume-implicit`. */
export function implicitVolumes(
  app: AppDeclaration,
  points: readonly MountPoint[],
  volumes: readonly DeclaredVolume[],
  ownerOf: (point: MountPoint) => Pick<DeclaredVolume, "mode" | "uid" | "gid"> = () => ({}),
): DeclaredVolume[] {
  const covered = (point: MountPoint) =>
    app.mounts.some((mount) => cleanPath(mount.path) === cleanPath(point.path)) || volumes.some((volume) => volume.name === point.name);
  return points
    .filter((point) => !covered(point))
    .map((point) => {
      const name = implicitVolumeName(app.name, point.name);
      if (volumes.some((volume) => volume.name === name)) throw implicitError(app, point, `the pod declares a volume ${quoteText(name)}`);
      return { name, kind: "empty", origin: app.origin, ...ownerOf(point) } as const;
    });
}

/** App `a` with point `b-c` and app `a-b` with point `c` come to the same name. */
function findImplicit(app: AppDeclaration, point: MountPoint, volumes: readonly VolumeDescription[]): AcName {
  const name = implicitVolumeName(app.name, point.name);
  if (volumes.filter((volume) => volume.name === name).length > 1)
    throw implicitError(app, point, `that of another app would be ${quoteText(name)} too`);
  return name;
}

function implicitVolumeName(app: AcName, point: AcName): AcName {
  return `${app}-${point}` as AcName;
}

function checkTargets(app: AppDeclaration, mounts: readonly PlacedMount[]): void {
  const seen = new Set<string>();
  for (const mount of mounts) {
    const forbidden = isReservedTarget(mount.path);
    if (forbidden || seen.has(mount.path)) {
      const reason = forbidden ? "nothing can be mounted there" : "two volumes are mounted there";
      throw new RktError(
        "mount-target",
        `${placeOf(mount.origin)}Cannot mount volume ${quoteText(mount.volume)} of app ${quoteText(app.name)} at ${quoteText(mount.path)}: ${reason}`,
      );
    }
    seen.add(mount.path);
  }
}

function implicitError({ name, origin }: AppDeclaration, point: MountPoint, reason: string): RktError {
  const what = `mount point ${quoteText(point.name)} of app ${quoteText(name)}`;
  return new RktError("volume-implicit", `${placeOf(origin)}Cannot give ${what} an empty volume of its own: ${reason}`, {
    hint: `Say what is mounted at ${quoteText(point.path)}, or choose another name`,
  });
}

function placeOf({ path, line }: Origin): string {
  return path === "" ? "" : `${path}:${line}: `;
}

function cleanPath(path: string): string {
  return `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}
