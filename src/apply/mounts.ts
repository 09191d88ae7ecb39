import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { AcName } from "../base/id.ts";
import type { VolumeDescription } from "../pod/engine.ts";
import type { MountPoint } from "../spec/appc.ts";
import type { AppDeclaration, DeclaredVolume } from "../spec/declaration.ts";
import type { RootfsView } from "./rootfs-view.ts";

export interface ResolvedMount {
  readonly volume: AcName;
  readonly path: string;
  readonly readOnly: boolean;
}

/**
 * The mounts of one app: Mount= first, then each mount point of the image that none of them covers, by a volume of its
 * name, else by an implicit empty volume `APP-MOUNTPOINT` (appc spec; the original's rule). Targets are resolved inside the image.
 */
export function resolveMounts(
  app: AppDeclaration,
  points: readonly MountPoint[],
  volumes: readonly VolumeDescription[],
  view: RootfsView,
): ResolvedMount[] {
  const mounts = app.mounts.map((mount) => {
    const volume = volumes.find((candidate) => candidate.name === mount.volume);
    const point = points.find((candidate) => cleanPath(candidate.path) === cleanPath(mount.path));
    const readOnly = mount.readOnly ?? (volume?.readOnly === true || point?.readOnly === true);
    return { volume: mount.volume, path: view.resolve(mount.path), readOnly };
  });
  for (const point of points) {
    const path = view.resolve(point.path);
    if (mounts.some((mount) => mount.path === path)) continue;
    const volume = volumes.find((candidate) => candidate.name === point.name);
    const readOnly = volume?.readOnly === true || point.readOnly === true;
    mounts.push({ volume: volume?.name ?? implicitVolumeName(app.name, point.name), path, readOnly });
  }
  checkTargets(app, mounts);
  return mounts;
}

/** Volumes that `resolveMounts` takes for granted: one per mount point of the image that nothing else covers. */
export function implicitVolumes(app: AppDeclaration, points: readonly MountPoint[], volumes: readonly DeclaredVolume[]): DeclaredVolume[] {
  const covered = (point: MountPoint) =>
    app.mounts.some((mount) => cleanPath(mount.path) === cleanPath(point.path)) || volumes.some((volume) => volume.name === point.name);
  return points
    .filter((point) => !covered(point))
    .map((point) => ({ name: implicitVolumeName(app.name, point.name), kind: "empty", origin: app.origin }) as const);
}

function implicitVolumeName(app: AcName, point: AcName): AcName {
  return `${app}-${point}` as AcName;
}

function checkTargets(app: AppDeclaration, mounts: readonly ResolvedMount[]): void {
  const seen = new Set<string>();
  for (const mount of mounts) {
    const forbidden = mount.path === "/" || /^\/(proc|sys|dev|run)$/.test(mount.path) || /^\/(proc|sys)\//.test(mount.path);
    if (forbidden || seen.has(mount.path)) {
      const reason = forbidden ? "nothing can be mounted there" : "two volumes are mounted there";
      throw new RktError(
        "mount-target",
        `Cannot mount volume ${quoteText(mount.volume)} of app ${quoteText(app.name)} at ${quoteText(mount.path)}: ${reason}`,
      );
    }
    seen.add(mount.path);
  }
}

function cleanPath(path: string): string {
  return `/${path
    .split("/")
    .filter((part) => part !== "" && part !== ".")
    .join("/")}`;
}
