import type { PodName, Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { RenderedImage } from "../image/render.ts";
import type { PodDescription, VolumeDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { enginePaths } from "../pod/paths.ts";
import type { PodDeclaration } from "../spec/declaration.ts";
import type { AppWithImage } from "./app-with-image.ts";
import { compileManifest } from "./compile-manifest.ts";
import { appSectionOf, describeApp } from "./describe-app.ts";
import { implicitVolumes } from "./mounts.ts";
import { describeDevices } from "./devices.ts";
import { describeSockets } from "./sockets.ts";
import { describeVolume } from "./volumes.ts";

export interface DescribeOptions {
  readonly uuid: Uuid;
  /** Absent: an ad-hoc pod. */
  readonly name?: PodName;
  readonly dirs: PodDirectories;
  /** In the order of the declaration's apps. */
  readonly images: readonly RenderedImage[];
}

/** A declared pod, complete for an engine. The generation's name in the paths is a placeholder: `planPod` puts the digest there. */
export function describePod(host: Host, declaration: PodDeclaration, options: DescribeOptions): PodDescription {
  const paths = enginePaths(options.dirs, options, generationPlaceholder);
  const pairs = declaration.apps.map((app, index) => ({ app, rendered: options.images[index] as RenderedImage }));
  const volumes = declaredVolumes(declaration, pairs).map((volume) =>
    describeVolume(host, volume, { paths, dataDir: options.dirs.dataDir, podName: declaration.name }),
  );
  const apps = pairs.map(({ app, rendered }) => describeApp(host, app, rendered, volumes));
  const sockets = describeSockets(declaration, pairs);
  return {
    uuid: options.uuid,
    ...(options.name === undefined ? {} : { name: options.name }),
    paths,
    manifest: compileManifest(declaration, pairs, apps),
    apps,
    volumes: usedVolumes(volumes, apps),
    sockets,
    network: declaration.pod.net[0] === "none" ? { kind: "none" } : { kind: "host" },
    resolvConf: declaration.pod.net[0] === "none" ? { kind: "image" } : { kind: "host" },
    hosts: { kind: "image" },
    hostname: declaration.pod.hostname ?? `rkt-${options.uuid}`,
    job: declaration.pod.job,
    devices: describeDevices(host, declaration.pod.devices),
    sysctls: declaration.pod.sysctls.map(({ name, value }) => ({ name, value })),
    journalMaxUse: declaration.pod.journalMaxUse,
  };
}

/** Stands for the digest while the digest is not known. */
export const generationPlaceholder = "GENERATION";

function declaredVolumes(declaration: PodDeclaration, pairs: readonly AppWithImage[]) {
  const implicit = pairs.flatMap(({ app, rendered }) =>
    implicitVolumes(app, appSectionOf(rendered.image.manifest, app).mountPoints ?? [], declaration.pod.volumes),
  );
  return [...declaration.pod.volumes, ...implicit];
}

function usedVolumes(volumes: readonly VolumeDescription[], apps: PodDescription["apps"]): VolumeDescription[] {
  const used = new Set(apps.flatMap((app) => app.mounts.map((mount) => mount.volume)));
  return volumes.filter((volume) => used.has(volume.name));
}
