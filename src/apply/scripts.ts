import { quoteText } from "../base/escape.ts";
import { quoteShell } from "../base/quote-shell.ts";
import type { PodName } from "../base/id.ts";
import { machineIdOf } from "../base/id.ts";
import { copyLines, layOver } from "../image/copy-layers.ts";
import type { EnginePlan, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { networkDown, networkLeft, type NetworkPlaces, networkUp } from "../net/script.ts";
import { lockPath, verdictDirectory } from "../pod/paths.ts";
import { sysctlsOf } from "../pod/sysctls.ts";

export interface StartInput {
  readonly pod: PodDescription;
  readonly dirs: PodDirectories;
  readonly generation: string;
  /** Absent: an ad-hoc pod, whose images were judged right before this start. */
  readonly name?: PodName;
  /** Of the engine. */
  readonly plan: Pick<EnginePlan, "liveness" | "startCommands" | "taps">;
}

/**
 * What happens at each start before the engine, whose command line it has as arguments: it becomes that, because each line of a unit costs
 * milliseconds. (Without arguments it ends.) Everything in it is a UUID, a digest, a pod's or volume's name, a number or one of our own
 * directories, and quoted all the same.
 */
export function startScript({ pod, dirs, generation, name, plan }: StartInput): string {
  return `${[
    `# Made by "rkt ${name === undefined ? "run" : `pod apply ${name}`}".`,
    "set -eu",
    "# Others read what is written here, whatever UMask= says.",
    ...(plan.liveness === "cgroup" ? ["mask=$(umask)"] : []),
    "umask 022",
    `pod=${quoteShell(pod.paths.pod)}`,
    "# Empty as soon as the engine takes over: an end before that is none of a run.",
    `echo > "$pod/starting" || { rm -rf --one-file-system "$pod/status"; echo ${quoteShell(`Cannot start pod ${quoteText(pod.name ?? pod.uuid)}: nothing can be written to ${pod.paths.pod}; its disk may be full`)} >&2; exit 1; }`,
    ...(name === undefined ? [] : [`verdicts=${quoteShell(verdictDirectory(dirs, pod.uuid))}`]),
    "",
    ...(name === undefined ? [] : verdictLines(name, generation)),
    "# A clean writable layer; what a crash left is kept once.",
    'if [ -e "$pod/rw" ]; then rm -rf --one-file-system "$pod/rw.last"; mv -T "$pod/rw" "$pod/rw.last"; fi',
    'rm -rf --one-file-system "$pod/status" "$pod/ended"',
    "# The pod writes in them, and might leave a setuid file: only root may enter (five digits take the setgid bit away).",
    'mkdir -m 00700 "$pod/rw" "$pod/status"',
    ...directoryLines(pod),
    "",
    ...(plan.liveness === "cgroup" ? [] : lockAndJournalLines(pod, dirs)),
    "",
    "# The pod's network.",
    ...networkLeft(networkPlaces(pod, dirs)),
    ...(pod.network.kind === "namespace"
      ? networkUp(pod.network, { ...networkPlaces(pod, dirs), taps: plan.taps !== undefined, sysctls: sysctlsOf(pod).outside })
      : []),
    ...(plan.startCommands ?? []),
    `echo ${generation} > "$pod/started"`,
    ': > "$pod/starting"',
    ...(plan.liveness === "cgroup" ? ['umask "$mask"'] : []),
    '[ $# -eq 0 ] || exec "$@"',
  ].join("\n")}\n`;
}

/** For an engine that holds the pod's lock, and a pod with a journal of its own. */
function lockAndJournalLines(pod: PodDescription, dirs: PodDirectories): string[] {
  return [
    "# Who can open the lock can take it: flock itself would make it readable for all.",
    `lock=${quoteShell(lockPath(dirs, pod.uuid))}`,
    '[ -e "$lock" ] || (umask 077; : > "$lock")',
    "",
    `machine=${machineIdOf(pod.uuid)}`,
    "# The pod's journal lies where the host keeps its own.",
    "journal=/var/log/journal",
    '[ -d "$journal" ] || journal=/run/log/journal',
    'if [ ! -d "$journal/$machine" ]; then',
    '  mkdir -p -m 2755 "$journal"',
    '  mkdir -m 2750 "$journal/$machine"',
    '  chgrp systemd-journal "$journal/$machine"',
    '  chmod 2750 "$journal/$machine"',
    "fi",
    `[ -d ${quoteShell(`${dirs.runDir}/journal`)} ] || mkdir -p ${quoteShell(`${dirs.runDir}/journal`)}`,
    `[ ${quoteShell(pod.paths.journal)} -ef "$journal/$machine" ] || ln -sfn "$journal/$machine" ${quoteShell(pod.paths.journal)}`,
  ];
}

function verdictLines(name: PodName, generation: string): string[] {
  return [
    "# Nothing runs without a verdict on exactly this generation.",
    `if [ ! -e "$verdicts/${generation}" ]; then`,
    `  if [ -e "$verdicts/refused" ]; then cat "$verdicts/refused" >&2`,
    `  else echo 'Cannot start pod "${name}": there is no verdict on its images; "rkt pod apply ${name}" makes one' >&2`,
    "  fi",
    "  exit 1",
    "fi",
    "",
  ];
}

/** What happens after each run, however it ended. Failing lines do not keep the others from running. */
export function stopScript({
  pod,
  dirs,
  plan,
  sockets,
  proxies = [],
}: {
  readonly pod: PodDescription;
  readonly dirs: PodDirectories;
  readonly plan: EnginePlan;
  /** Units of the pod's sockets. */
  readonly sockets: readonly string[];
  /** Units that carry the sockets' connections. */
  readonly proxies?: readonly string[];
}): string {
  return `${[
    "umask 022",
    `pod=${quoteShell(pod.paths.pod)}`,
    ...(plan.result === undefined ? [] : ["engine=${SERVICE_RESULT:-}", ...resultLines(plan.result)]),
    "# It was a start that ended, no run: what apps left is of an earlier one.",
    'if [ -s "$pod/starting" ]; then unset EXIT_CODE EXIT_STATUS; rm -rf --one-file-system "$pod/status"; fi',
    "# From here on too, until the engine takes over: a start may fail before a line of ours is executed.",
    'echo > "$pod/starting"',
    ...(plan.result?.read ?? []),
    'if echo "${SERVICE_RESULT:-unknown} ${EXIT_CODE:--} ${EXIT_STATUS:--}" > "$pod/last.new"; then mv -T "$pod/last.new" "$pod/last"',
    "# That of another run is none of this one.",
    `else rm -f "$pod/last.new" "$pod/last"; echo ${quoteShell(`How pod ${quoteText(pod.name ?? pod.uuid)} ended is not recorded: nothing can be written to ${pod.paths.pod}`)} >&2; fi`,
    ...(plan.endCommands ?? []),
    // Before what an app can make last longer than a stop may.
    ...networkLeft(networkPlaces(pod, dirs)),
    ...(pod.network.kind === "namespace" ? networkDown(pod.network, networkPlaces(pod, dirs)) : []),
    'if [ -e "$pod/rw" ]; then rm -rf --one-file-system "$pod/rw.last"; mv -T "$pod/rw" "$pod/rw.last"; fi',
    ...endedLines(pod),
    ...plan.stopCommands,
    // They are to wait for the next run, and no connection to be lost to a pod that is not there.
    ...(proxies.length === 0 ? [] : [`systemctl --no-block stop ${proxies.map(quoteShell).join(" ")}`]),
    ...failureLines(sockets),
    ...(plan.result?.end ?? [":"]),
  ].join("\n")}\n`;
}

/**
 * The unit's result is that of the last command: where the user's come between, they are executed "with" what was recorded, and it is said
 * once more behind them.
 */
function resultLines({ end }: NonNullable<EnginePlan["result"]>): string[] {
  return [
    'if [ "${1:-}" != "" ]; then',
    "  SERVICE_RESULT= EXIT_CODE= EXIT_STATUS=",
    '  read -r SERVICE_RESULT EXIT_CODE EXIT_STATUS < "$pod/last"',
    '  if [ "$1" = with ]; then shift; export SERVICE_RESULT EXIT_CODE EXIT_STATUS; exec "$@"; fi',
    ...end.map((line) => `  ${line}`),
    "fi",
  ];
}

function networkPlaces(pod: PodDescription, dirs: PodDirectories): NetworkPlaces {
  return { directory: `${pod.paths.generation}/net`, runDir: dirs.runDir, uuid: pod.uuid };
}

/** Failed runs in a row after which a pod's sockets are stopped. */
const failureLimit = 10;

/**
 * A connection that a failing pod never accepts would start it again without end. A limit of starts per time cannot tell that from
 * an app that exits when idle, which may be started as often as somebody connects; how the runs end can.
 */
function failureLines(sockets: readonly string[]): string[] {
  if (sockets.length === 0) return [];
  return [
    'if [ "${SERVICE_RESULT:-}" = success ]; then rm -f "$pod/failures"; else',
    '  echo >> "$pod/failures"',
    `  if [ "$(wc -l < "$pod/failures")" -ge ${failureLimit} ]; then`,
    '    rm -f "$pod/failures"',
    `    echo 'Its sockets are stopped: the pod failed ${failureLimit} times in a row' >&2`,
    `    systemctl --no-block stop ${sockets.map(quoteShell).join(" ")}`,
    "  fi",
    "fi",
  ];
}

/** Of sh: `$failed`, the word for how an app ended by `$result`. */
export const FAILED = 'failed=failed; [ "$result" != oom-kill ] || failed="ran out of memory"';

/** What the apps left in `status`, for readers who may not enter it. Whatever a pod left there: little is read, no link followed. */
function endedLines(pod: PodDescription): string[] {
  const names = pod.apps.map((app) => app.name).join(" ");
  return [
    `for app in ${names}; do`,
    '  file="$pod/status/$app"',
    '  if [ -f "$file" ] && [ ! -L "$file" ]; then echo "$app $(head -c 64 "$file" | tr -cd "a-zA-Z0-9+ -")"; fi',
    'done > "$pod/ended.new"',
    'mv -T "$pod/ended.new" "$pod/ended"',
    // In the unit's journal; people look there first.
    "while read -r app code status result; do",
    '  case "$code $status $result" in',
    '    *" success"|*" exit-code") case "$code $status" in "exited 2"[0-4][0-9]) ;; *) continue;; esac;;',
    "    *' '*' '?*) ;;",
    "    *) continue;;",
    "  esac",
    `  ${FAILED}; echo "App \\"$app\\" $failed ($code $status $result): \\"rkt status ${pod.name ?? pod.uuid}\\" says why" >&2`,
    'done < "$pod/ended"',
  ];
}

/** The root directory of an overlay is the upper one: it takes mode and owner of the image's root. */
function directoryLines(pod: PodDescription): string[] {
  const plain = pod.apps.flatMap((app) => [`"$pod/rw/${app.name}"`, `"$pod/rw/${app.name}/upper"`, `"$pod/rw/${app.name}/work"`]);
  const lines = [`mkdir -m 0755 ${plain.join(" ")}`];
  for (const { name, rootDirectory } of pod.apps) {
    if (rootDirectory !== undefined) lines.push(...ownerLines(`"$pod/rw/${name}/upper"`, rootDirectory));
  }
  if (pod.copyTrees === true) lines.push(layOver, ...pod.apps.flatMap(({ name, layers }) => copyLines(layers, `"$pod/rw/${name}/upper"`)));
  const empty = pod.volumes.filter((volume) => volume.kind === "empty");
  if (empty.length > 0) lines.push('mkdir -m 0755 "$pod/rw/.volumes"');
  for (const volume of empty) {
    const path = `"$pod/rw/.volumes/${volume.name}"`;
    lines.push(`mkdir ${path}`, ...ownerLines(path, volume));
  }
  return lines;
}

/** A change of owner takes setuid bits away: the mode comes last. Each line costs a program: none that changes nothing. */
function ownerLines(path: string, { uid, gid, mode }: { readonly uid: number; readonly gid: number; readonly mode: string }): string[] {
  return [...(uid === 0 && gid === 0 ? [] : [`chown ${uid}:${gid} ${path}`]), `chmod ${mode.padStart(5, "0")} ${path}`];
}
