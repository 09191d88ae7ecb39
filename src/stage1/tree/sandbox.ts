import type { AppDescription } from "../../pod/engine.ts";
import { isolatorDirectives } from "../../isolator/index.ts";
import { plainStreams } from "../../spec/app-streams.ts";
import { escapeSpecifiers, quoteValue } from "../../unit/quote.ts";
import type { EntryInput } from "../../unit/unit-file.ts";
import { appRoot, outputFifo, volumePath } from "./names.ts";

/** Variables that PID 1 sets and no image asked for. */
const foreignVariables = "INVOCATION_ID JOURNAL_STREAM SYSTEMD_EXEC_PID MEMORY_PRESSURE_WATCH MEMORY_PRESSURE_WRITE LANG";

/**
 * All limits of an app but its user: the app's unit, its event handlers and whatever enters the app get these very lines.
 * Standard streams, type and program are the caller's.
 */
export function sandboxLines(app: AppDescription): EntryInput[] {
  return [
    ["RootDirectory", appRoot(app.name)],
    ["MountAPIVFS", "no", "It would put an empty /run over the image's, and a /proc without the pod's protections"],
    ["BindPaths", "/dev /proc /sys", "With what /rkt/boot hides and protects in them, once for all apps"],
    ["IgnoreSIGPIPE", "no", "As programs expect it"],
    [
      "BindReadOnlyPaths",
      "/run/systemd/journal/dev-log /run/systemd/journal/socket /run/systemd/journal/stdout",
      "For /dev/log and programs that speak to the journal",
    ],
    ...(app.output === "pipe" && (app.streams ?? plainStreams).stdout === "log" ? [["BindPaths", outputFifo(app.name)] as const] : []),
    ...app.provided.map((path): EntryInput => ["BindPaths", `-${path}`, "Read-only in the pod already. Said so, or the image has none"]),
    ...app.mounts.map((mount): EntryInput => [
      mount.readOnly ? "BindReadOnlyPaths" : "BindPaths",
      bindValue(volumePath(mount.volume), mount.path),
    ]),
    ...(app.readOnlyRootFS ? readOnlyRoot(app) : []),
    [
      "ReadOnlyPaths",
      insideApp(["/sys/fs/cgroup"]),
      "The pod's PID 1 writes it. Not ProtectControlGroups=, which would put an empty /run over the image's",
    ],
    ...app.environment.map(({ name, value }): EntryInput => ["Environment", quoteValue(`${name}=${value}`)]),
    ["UnsetEnvironment", unsetVariables(app)],
    ...isolatorDirectives(app.isolators),
    ...app.directives.map(([key, value]): EntryInput => [key, value]),
  ];
}

/** Paths of the app's root (`+`; without it they would be the pod's), where the kernel has them (`-`). */
function insideApp(paths: readonly string[]): string {
  return paths.map((path) => `-+${path}`).join(" ");
}

/** The image cannot be written. What the pod provides stays as it is: processes write to their own /proc, and share memory. */
function readOnlyRoot(app: AppDescription): EntryInput[] {
  const writable = app.mounts.filter((mount) => !mount.readOnly).map((mount) => quotePath(`+${mount.path}`));
  return [
    ["ReadOnlyPaths", "+/"],
    ["ReadWritePaths", [insideApp(["/proc", "/dev/shm", "/dev/mqueue"]), ...writable].join(" ")],
  ];
}

/** What the image or the declaration sets stays; systemd's own idea of USER, HOME and SHELL is taken away where they say nothing. */
function unsetVariables(app: AppDescription): string {
  const own = new Set(app.environment.map((variable) => variable.name));
  return `${foreignVariables} USER LOGNAME HOME SHELL`
    .split(" ")
    .filter((name) => !own.has(name))
    .join(" ");
}

function bindValue(source: string, target: string): string {
  return `${source}:${quotePath(target)}:rbind`;
}

/** Always quoted: a colon would end the path. */
function quotePath(path: string): string {
  return `"${escapeSpecifiers(path).replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`;
}
