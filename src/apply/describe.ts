import type { PodName, Uuid } from "../base/id.ts";
import type { FileStat, Host } from "../host/host.ts";
import type { RenderedImage } from "../image/render.ts";
import type { AppDescription, Engine, PodDescription, Stage1Image, VolumeDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { enginePaths } from "../pod/paths.ts";
import type { DeclaredVolume, PodDeclaration } from "../spec/declaration.ts";
import type { AppWithImage } from "./app-with-image.ts";
import { compileManifest } from "./compile-manifest.ts";
import { appSectionOf, describeApp, isFromDocker } from "./describe-app.ts";
import { implicitVolumes } from "./mounts.ts";
import type { AddressRequest } from "../net/claim-address.ts";
import { describeNetwork } from "../net/describe-network.ts";
import { describeHosts, describeResolvConf } from "../net/names.ts";
import { describeDevices } from "./devices.ts";
import { claimUserRange, type RangeRequest } from "./user-range.ts";
import { reclaimClaims } from "./reclaim.ts";
import { viewRootfs } from "./rootfs-view.ts";
import { describeSockets } from "./sockets.ts";
import { describeVolume } from "./volumes.ts";

export interface DescribeOptions {
  readonly uuid: Uuid;
  /** Absent: an ad-hoc pod. */
  readonly name?: PodName;
  readonly dirs: PodDirectories;
  readonly engine?: Pick<Engine, "defaultNetwork">;
  /** Copy the trees instead of overlaying them. */
  readonly copyTrees?: boolean;
  /** Claim nothing: the plan is only shown. */
  readonly dryRun?: boolean;
  /** In the order of the declaration's apps. */
  readonly images: readonly RenderedImage[];
  /** Of the engine's own files. */
  readonly stage1?: RenderedImage;
}

/** A declared pod, complete for an engine. The generation's name in the paths is a placeholder: `planPod` puts the digest there. */
export function describePod(host: Host, declaration: PodDeclaration, options: DescribeOptions): PodDescription {
  const paths = enginePaths(options.dirs, options, generationPlaceholder);
  const pairs = declaration.apps.map((app, index) => ({ app, rendered: options.images[index] as RenderedImage }));
  const declared = declaredVolumes(host, declaration, pairs);
  const volumes = declared.map((volume) =>
    describeVolume(host, volume, { paths, dataDir: options.dirs.dataDir, podName: declaration.name }),
  );
  const named = new Set<string>(declaration.pod.volumes.map(({ name }) => name));
  const sockets = describeSockets(declaration, pairs, host);
  const names = describeNames(declaration, options, pairs, host);
  const apps = pairs.map(({ app, rendered }) => provideNames(describeApp(host, app, rendered, { volumes, named }), declaration, names));
  return {
    uuid: options.uuid,
    ...(options.name === undefined ? {} : { name: options.name }),
    paths,
    manifest: compileManifest(declaration, pairs, { apps, volumes: declared }),
    apps,
    volumes: usedVolumes(volumes, apps),
    sockets,
    ...names,
    ...(declaration.pod.privateUsers ? { users: claimUserRange(host, claimsOf(host, options)) } : {}),
    ...(options.copyTrees === true ? { copyTrees: true } : {}),
    job: declaration.pod.job,
    devices: describeDevices(host, declaration.pod.devices),
    sysctls: declaration.pod.sysctls.map(({ name, value }) => ({ name, value })),
    journalMaxUse: declaration.pod.journalMaxUse,
    ...(options.stage1 === undefined ? {} : { stage1: describeStage1(options.stage1) }),
  };
}

function describeStage1({ image, layers: [root = ""] }: RenderedImage): Stage1Image {
  const version = image.labels.find(({ name }) => name === "version")?.value;
  return { id: image.id, name: image.name, ...(version === undefined ? {} : { version }), root };
}

type Names = Pick<PodDescription, "network" | "resolvConf" | "hosts" | "hostname">;

/** What the user said of names wins over the image's files, and a volume over both. */
function provideNames(app: AppDescription, { pod }: PodDeclaration, names: Names): AppDescription {
  const wanted = [
    ...(pod.dnsOrigin !== undefined && pod.dns[0] !== "none" && names.resolvConf.kind !== "image" ? (["/etc/resolv.conf"] as const) : []),
    ...(names.hosts.kind === "image" ? [] : (["/etc/hosts"] as const)),
  ];
  const provided = [...new Set([...app.provided, ...wanted])].filter(
    (path) => !app.mounts.some((mount) => path === mount.path || path.startsWith(`${mount.path}/`)),
  );
  return { ...app, provided: provided.toSorted() };
}

function describeNames({ pod }: PodDeclaration, options: DescribeOptions, pairs: readonly AppWithImage[], host: Host): Names {
  const { uuid, engine } = options;
  const hostname = pod.hostname ?? `rkt-${uuid}`;
  const network = describeNetwork(host, {
    names: pod.net.length === 0 && engine?.defaultNetwork !== undefined ? [engine.defaultNetwork] : pod.net,
    ports: pod.ports,
    apps: pairs.map(({ app, rendered }) => ({ app: app.name, ports: rendered.image.manifest.app?.ports ?? [] })),
    ...claimsOf(host, options),
  });
  const said = describeResolvConf(pod);
  // With the host's network the pod looks names up as the host does.
  const resolvConf = said.kind === "image" && network.kind === "host" && pod.dns.length === 0 ? ({ kind: "host" } as const) : said;
  return { network, resolvConf, hosts: describeHosts(pod.hostsEntry, hostname), hostname };
}

/** By whom and where something is claimed. */
function claimsOf(host: Host, { uuid, dirs, dryRun = false }: DescribeOptions): RangeRequest & AddressRequest {
  const { dataDir } = dirs;
  return dryRun ? { dataDir, uuid, dryRun } : { dataDir, uuid, reclaim: () => reclaimClaims(host, dirs) };
}

/** Stands for the digest while the digest is not known. */
export const generationPlaceholder = "GENERATION";

function declaredVolumes(host: Host, declaration: PodDeclaration, pairs: readonly AppWithImage[]): DeclaredVolume[] {
  const implicit = pairs.flatMap(({ app, rendered: { image, layers } }) => {
    const points = appSectionOf(image.manifest, app).mountPoints ?? [];
    // Docker gives such a volume the owner and the mode that the image has there, and programs count on that.
    const owners = isFromDocker(image.manifest) ? viewRootfs(host, layers) : undefined;
    return implicitVolumes(app, points, declaration.pod.volumes, ({ path }) => ownerOf(owners?.stat(path)));
  });
  return [...declaration.pod.volumes, ...implicit];
}

function ownerOf(stat: FileStat | undefined): Pick<DeclaredVolume, "mode" | "uid" | "gid"> {
  if (stat?.type !== "directory") return {};
  return { mode: (stat.mode & 0o7777).toString(8).padStart(4, "0"), uid: stat.uid, gid: stat.gid };
}

function usedVolumes(volumes: readonly VolumeDescription[], apps: PodDescription["apps"]): VolumeDescription[] {
  const used = new Set(apps.flatMap((app) => app.mounts.map((mount) => mount.volume)));
  return volumes.filter((volume) => used.has(volume.name));
}
