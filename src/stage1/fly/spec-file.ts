import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { capabilityBoundingSet } from "../../isolator/index.ts";
import type { AppDescription, PodDescription, VolumeDescription } from "../../pod/engine.ts";
import { CAPABILITIES } from "../../spec/capabilities.ts";
import { nameFileSource } from "./name-files.ts";
import { limitsCapabilities } from "./isolators.ts";

/** One item: a key and its values. */
type Item = readonly [key: string, ...values: string[]];

/** What systemd hands to a service for itself to use. */
const handedOver = ["LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES", "LISTEN_PIDFDID", "WATCHDOG_USEC", "WATCHDOG_PID", "TERM"];

/** What the program beside this file reads: a line per item, fields separated by tabs, what is no plain text as `\xNN`. */
export function specFile(pod: PodDescription, app: AppDescription): string {
  const items: readonly Item[] = [
    ["app", app.name],
    ["liveness", pod.paths.cgroup],
    ["scratch", `${pod.paths.generation}/stage1/root`],
    ...(pod.copyTrees === true ? [] : app.layers.map((layer): Item => ["layer", layer])),
    ["writable", `${pod.paths.rw}/${app.name}`],
    ...tmpfsItems(pod.volumes),
    ...["/proc", "/sys", "/dev"].map((path): Item => ["bind", "-", "deep", path, path]),
    // For /dev/log and programs that speak to the journal.
    ["bind", "r?", "one", "/run/systemd/journal", "/run/systemd/journal"],
    ...nameFileItems(pod, app),
    ...volumeItems(pod, app),
    ...(app.readOnlyRootFS ? ([["read-only"]] as const) : []),
    ...notifyItems(app),
    ...handedOver.filter((name) => app.environment.every((own) => own.name !== name)).map((name): Item => ["pass", name]),
    ...app.environment.map(({ name, value }): Item => ["env", `${name}=${value}`]),
    ...capabilityItems(app),
    ...streamItems(pod, app),
    ["uid", String(app.uid)],
    ["gid", String(app.gid)],
    ...app.supplementaryGids.map((gid): Item => ["group", String(gid)]),
    ["directory", app.workingDirectory],
    ...(app.preStart === undefined ? [] : [["pre-start", ...app.preStart] as const]),
    ...(app.postStop === undefined ? [] : [["post-stop", ...app.postStop] as const]),
    ["exec", ...app.exec],
  ];
  return items.map((item) => `${item.map(escapeField).join("\t")}\n`).join("");
}

function escapeField(text: string): string {
  if (text.includes("\0") || !text.isWellFormed()) {
    throw new RktError("fly-value-invalid", `Cannot run an app with the value ${quoteText(text)}: no program can be given it`);
  }
  return text.replaceAll(/[\\\p{Cc}\p{Zl}\p{Zp}]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `\\x${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

/** Each once, wherever and how often it is mounted. */
function tmpfsItems(volumes: readonly VolumeDescription[]): Item[] {
  return volumes
    .filter((volume) => volume.kind === "tmpfs")
    .map((volume) => {
      const size = volume.size === undefined ? "" : `,size=${volume.size}`;
      return ["tmpfs", tmpfsName(volume), `mode=${volume.mode},uid=${volume.uid},gid=${volume.gid}${size}`];
    });
}

/** In the program's scratch directory, where it stands while it mounts. */
function tmpfsName(volume: VolumeDescription): string {
  return `tmpfs-${volume.name}`;
}

/** What lies above comes first, so that it hides nothing. */
function volumeItems(pod: PodDescription, app: AppDescription): Item[] {
  const depth = (path: string): number => path.split("/").length;
  return app.mounts
    .toSorted((a, b) => depth(a.path) - depth(b.path))
    .flatMap((mount) => {
      const volume = pod.volumes.find((candidate) => candidate.name === mount.volume);
      if (volume === undefined) return [];
      const readOnly = mount.readOnly || volume.readOnly ? "r" : "-";
      return [["bind", readOnly, volume.recursive ? "deep" : "one", volume.source ?? tmpfsName(volume), mount.path]];
    });
}

/** A volume that covers the place says what is there. */
function nameFileItems(pod: PodDescription, app: AppDescription): Item[] {
  return app.provided
    .filter((path) => app.mounts.every((mount) => path !== mount.path && !path.startsWith(`${mount.path}/`)))
    .flatMap((path) => {
      const source = nameFileSource(pod, path);
      return source === undefined ? [] : [["bind", "r?l", "one", source, path]];
    });
}

/** An app that only sends WATCHDOG=1 is ready when it is started: the program says so. */
function notifyItems(app: AppDescription): Item[] {
  if (!app.notify && app.watchdogUsec === undefined) return [];
  return [[app.notify ? "notify" : "watchdog"], ["pass", "NOTIFY_SOCKET"]];
}

/** All of the host's, unless something is said: then no more than that. */
function capabilityItems(app: AppDescription): Item[] {
  if (!limitsCapabilities(app.isolators)) return [];
  const set = new Set(capabilityBoundingSet(app.isolators));
  const mask = CAPABILITIES.reduce((sum, name, number) => (set.has(name) ? sum | (1n << BigInt(number)) : sum), 0n);
  return [["capabilities", mask.toString(16)]];
}

/** A terminal is the app's own standard stream, as it is. */
function streamItems(pod: PodDescription, app: AppDescription): Item[] {
  const { console } = pod;
  if (console?.kind === "terminal") return [];
  if (console?.kind === "pipes") return [["console", console.directory, console.stdin ? "stdin" : "-"]];
  return app.output === "pipe" ? [["pipe"]] : [];
}
