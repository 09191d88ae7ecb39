import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineIdOf } from "../../base/id.ts";
import type { PlanFile, PodDescription } from "../../pod/engine.ts";
import { bootScript } from "./boot-script.ts";
import { bootPath, consolePath, lowerPath, unitDirectory, volumePath, writablePath } from "./names.ts";

/** The units of `units/stage1`: file name → text. */
export type StaticUnits = ReadonlyMap<string, string>;

const merged = ["bin", "sbin", "lib", "lib32", "lib64"];

/**
 * The pod's root: every mount point exists, so that the tree can be mounted read-only. Parents stand before children.
 * `stage1/` lets nobody but root in; `stage1/rootfs` is the pod's `/`.
 */
export function skeletonFiles(pod: PodDescription, units: StaticUnits): PlanFile[] {
  const { apps, volumes } = pod;
  const directories = [
    "dev",
    "proc",
    "sys",
    "run",
    "tmp",
    "usr",
    "root",
    "var",
    "var/log",
    "var/log/journal",
    `var/log/journal/${machineIdOf(pod.uuid)}`,
    "var/lib",
    "var/tmp",
    "opt",
    "opt/stage2",
    ...apps.flatMap((app) => [`opt/stage2/${app.name}`, `opt/stage2/${app.name}/rootfs`]),
    "rkt",
    "rkt/status",
    ...(pod.console?.kind === "pipes" ? [consolePath.slice(1)] : []),
    "rkt/lower",
    ...apps.flatMap((app) => [`rkt/lower/${app.name}`, ...app.layers.map((_, index) => lowerPath(app.name, index).slice(1))]),
    "rkt/rw",
    ...apps.map((app) => writablePath(app.name).slice(1)),
    "rkt/vol",
    ...volumes.filter((volume) => volume.type === "directory").map((volume) => volumePath(volume.name).slice(1)),
    "etc",
    "etc/systemd",
    unitDirectory,
    `${unitDirectory}/sockets.target.wants`,
  ];
  return [
    { kind: "directory", path: "stage1", mode: 0o700 },
    { kind: "directory", path: "stage1/rootfs", mode: 0o755 },
    ...directories.map((path): PlanFile => ({ kind: "directory", path: `stage1/rootfs/${path}`, mode: 0o755 })),
    ...merged.map((name): PlanFile => ({ kind: "symlink", path: `stage1/rootfs/${name}`, target: `usr/${name}` })),
    ...volumes.filter((volume) => volume.type === "file").map((volume): PlanFile => text(volumePath(volume.name).slice(1), "")),
    ...configuration(pod),
    ...(pod.virtualMachine === undefined ? [text(bootPath.slice(1), bootScript(pod))] : []),
    ...[...units].map(([name, content]) => text(`${unitDirectory}/${name}`, content)),
  ];
}

function configuration(pod: PodDescription): PlanFile[] {
  checkHostname(pod.hostname);
  return [
    text("etc/machine-id", `${machineIdOf(pod.uuid)}\n`),
    text("etc/hostname", `${pod.hostname}\n`),
    text("etc/os-release", `ID=rkt\nNAME=rkt\nPRETTY_NAME="rkt pod"\n`),
    text(
      "etc/hosts",
      pod.hosts.kind === "text"
        ? pod.hosts.text
        : `127.0.0.1 localhost\n::1 localhost ip6-localhost ip6-loopback\n127.0.1.1 ${pod.hostname}\n`,
    ),
    text("etc/resolv.conf", pod.resolvConf.kind === "text" ? pod.resolvConf.text : ""),
    text("etc/passwd", passwd(pod)),
    text("etc/group", group(pod)),
    text("etc/systemd/system.conf", "[Manager]\nLogTarget=null\nShowStatus=no\nDefaultTimeoutStopSec=10s\n"),
    text("etc/systemd/journald.conf", journaldConf(pod)),
  ];
}

/** It stands in files of one name a line. */
function checkHostname(hostname: string): void {
  if (!/^[A-Za-z0-9.-]+$/.test(hostname)) {
    throw new RktError(
      "hostname-invalid",
      `Cannot name the pod's host ${quoteText(hostname)}: a host name has letters, digits, "-" and "."`,
    );
  }
}

function journaldConf(pod: PodDescription): string {
  const file = Math.max(1 << 20, Math.min(8 << 20, Math.floor(pod.journalMaxUse / 8)));
  return [
    "[Journal]",
    "Storage=persistent",
    `SystemMaxUse=${pod.journalMaxUse}`,
    `SystemMaxFileSize=${file}`,
    "SystemKeepFree=0",
    "RuntimeMaxUse=8M",
    "RateLimitIntervalSec=0",
    "ReadKMsg=no",
    "Audit=no",
    "ForwardToSyslog=no",
    "ForwardToWall=no",
    "MaxLevelStore=debug",
    "",
  ].join("\n");
}

/** systemd 252 runs no unit as a number that /etc/passwd does not have. */
function passwd(pod: PodDescription): string {
  const uids = [...new Set(pod.apps.flatMap((app) => [app.uid, ...(app.knownUids ?? [])]))]
    .filter((uid) => uid !== 0)
    .toSorted((a, b) => a - b);
  return ["root:x:0:0:root:/root:/bin/sh", ...uids.map((uid) => `u${uid}:x:${uid}:${uid}::/:/bin/false`), ""].join("\n");
}

function group(pod: PodDescription): string {
  const gids = [
    ...new Set(pod.apps.flatMap((app) => [app.gid, app.uid, ...app.supplementaryGids, ...(app.knownUids ?? []), ...(app.knownGids ?? [])])),
  ]
    .filter((gid) => gid !== 0)
    .toSorted((a, b) => a - b);
  return ["root:x:0:", ...gids.map((gid) => `g${gid}:x:${gid}:`), ""].join("\n");
}

function text(path: string, content: string): PlanFile {
  return { kind: "file", path: `stage1/rootfs/${path}`, mode: 0o644, content };
}
