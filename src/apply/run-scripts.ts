import { quoteShell } from "../base/quote-shell.ts";
import type { Uuid } from "../base/id.ts";
import type { EnginePlan, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { lockPath, runUnitOf } from "../pod/paths.ts";
import { engineCommand, stopLine } from "./engine-command.ts";
import { dropInDirectory } from "./enclosed.ts";
import { FAILED } from "./scripts.ts";
import type { EntryInput } from "../unit/unit-file.ts";

export interface RunScriptInput {
  readonly pod: PodDescription;
  readonly dirs: PodDirectories;
  readonly plan: EnginePlan;
}

/** Becomes the engine, behind the pod's lock: the main process of the unit that executes it. */
export function launchScript({ pod, dirs, plan }: RunScriptInput): string {
  if (plan.alone !== undefined) return aloneScript(pod, plan);
  return script([
    `generation=${quoteShell(pod.paths.generation)}`,
    '. "$generation/start"',
    "",
    ...(plan.liveness !== "cgroup"
      ? ["# The engine holds the lock: that is how rkt knows that the pod runs."]
      : [
          "# Whose lines in the host's journal are the pod's.",
          `echo "\${INVOCATION_ID:-}" > ${quoteShell(`${pod.paths.pod}/invocation`)}`,
        ]),
    `exec ${quoteWords(engineCommand(plan, dirs, pod.uuid))}`,
  ]);
}

/** The same with an engine that shuts itself in. What is for the host is done from outside whatever the unit's settings are. */
function aloneScript({ paths }: PodDescription, { alone, outside = [] }: EnginePlan): string {
  const start = [...outside, "/bin/sh", `${paths.generation}/start`];
  return script([
    `[ "\${1:-}" = inside ] || exec unshare --net --mount --ipc -- /bin/sh ${quoteShell(`${paths.generation}/launch`)} inside`,
    `${quoteWords(start)} 9< /proc/self/ns/net`,
    `exec ${quoteWords(alone?.argv ?? [])}`,
  ]);
}

/** As `launchScript`, in a unit that is not ours: what our own unit would set has to be set here, and the filter of calls stays the engine's. */
export function foreignArgv(pod: PodDescription): string[] {
  return [
    "/usr/bin/env",
    "--unset=SYSTEMD_NSPAWN_API_VFS_WRITABLE",
    "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1",
    "SYSTEMD_NSPAWN_CONTAINER_SERVICE=rkt",
    "/bin/sh",
    `${pod.paths.generation}/launch`,
  ];
}

/**
 * The end of a run in a unit that is not ours: that unit's result stands in PID 1 only. The engine lets go of the lock when all of it
 * has ended.
 */
export function cleanScript({ pod, dirs, plan }: RunScriptInput): string {
  const show = 'systemctl show --property="$1" --value -- "$unit"';
  return script([
    `pod=${quoteShell(pod.paths.pod)}`,
    'unit=$(cat "$pod/unit")',
    `show() { ${show}; }`,
    "SERVICE_RESULT=$(show Result)",
    'case "$(show ExecMainCode)" in 1) EXIT_CODE=exited;; 2) EXIT_CODE=killed;; 3) EXIT_CODE=dumped;; *) EXIT_CODE=-;; esac',
    "EXIT_STATUS=$(show ExecMainStatus)",
    // A signal by its name, as systemd gives it to the lines of a unit.
    'case "$EXIT_CODE" in killed|dumped) EXIT_STATUS=$(kill -l "$EXIT_STATUS" 2>/dev/null || echo "$EXIT_STATUS");; esac',
    "export SERVICE_RESULT EXIT_CODE EXIT_STATUS",
    `exec ${plan.liveness !== "cgroup" ? `flock --wait 90 ${quoteShell(lockPath(dirs, pod.uuid))} ` : ""}sh ${quoteShell(`${pod.paths.generation}/stop`)}`,
  ]);
}

/**
 * What /usr/bin/rkt becomes in the foreground: starts the pod in a unit of its own, copies its output, hands signals on, and ends
 * with the status of the pod's first failing app. Nothing of Node stays.
 */
export function waitScript(input: RunScriptInput): string {
  const { pod } = input;
  const pipes = pod.console?.kind === "pipes" ? pod.console : undefined;
  return script(
    [
      `unit=${quoteShell(runUnitOf(pod.uuid))}`,
      `pod=${quoteShell(pod.paths.pod)}`,
      ...(pipes === undefined ? [] : openLines(pipes.directory, pipes.stdin)),
      ...signalLines(pod.console?.kind === "terminal"),
      "",
      // In the background, where a trap does not have to wait for it; a terminal's signals are for this script.
      `( trap '' HUP INT QUIT TERM; exec ${quoteWords(systemdRun(input))} ) ${pod.console?.kind === "terminal" ? "<&9 9<&- " : "</dev/null "}` +
        `${pipes === undefined ? "" : "3>&- 4>&- "}&`,
      ...(pod.console?.kind === "terminal" ? ["exec 9<&-"] : []),
      "run=$!",
      'while :; do wait "$run"; kill -0 "$run" 2>/dev/null || break; done',
      ...(pipes === undefined ? [] : ["exec 3>&- 4>&-", 'wait "$out" "$err"']),
      '[ -z "$terminal" ] || stty "$terminal" 2>/dev/null',
      "",
      ...failedLines(pod.uuid),
      "result= code= status=",
      '[ ! -e "$pod/last" ] || read -r result code status < "$pod/last"',
      ...(input.plan.alone === undefined ? [] : [`rm -rf "${dropInDirectory("$unit")}"`]),
      // Nothing is read any more: the pod is not in use.
      '{ true > "$pod/launcher"; } 2>/dev/null',
      'case "$code $status" in',
      '  "exited "[0-9]*) exit "$status";;',
      '  "killed "*|"dumped "*) exit $((128 + $(kill -l "$status" 2>/dev/null || echo 9)));;',
      "esac",
      `echo "run: Cannot run pod \\"${pod.uuid}\\": it did not start; \\"journalctl -u $unit\\" tells why" >&2`,
      "exit 254",
    ],
    { strict: false },
  );
}

/** What the stop script says in the journal, here for who waits; not of apps that the user stopped. */
function failedLines(uuid: Uuid): string[] {
  return [
    '[ "$stops" -gt 0 ] || [ ! -e "$pod/ended" ] || while read -r app code status result; do',
    '  case "$code $status $result" in',
    '    "exited 2"[0-4][0-9]*|"killed "*" "[!s]*|"killed "*" signal"|"dumped "*|*" oom-kill")',
    `      ${FAILED}; echo "run: App \\"$app\\" $failed ($code $status $result): \\"rkt status ${uuid}\\" says why" >&2;;`,
    "  esac",
    'done < "$pod/ended"',
    "",
  ];
}

/** Each copier holds its pipe open for reading until the end, so that no app ever waits for a reader that has gone. */
function openLines(directory: string, stdin: boolean): string[] {
  const copy = (name: string, to: string): string =>
    `( trap '' HUP INT QUIT TERM; exec < "$pipes/${name}"; cat${to}; exec cat > /dev/null ) &`;
  return [
    `pipes=${quoteShell(directory)}`,
    'mkdir -m 0700 "$pipes" || exit 254',
    `mkfifo -m 0600 "$pipes/stdout" "$pipes/stderr"${stdin ? ' "$pipes/stdin"' : ""} || exit 254`,
    copy("stdout", ""),
    "out=$!",
    copy("stderr", " >&2"),
    "err=$!",
    // For writing, as long as the pod may start another app.
    'exec 3> "$pipes/stdout" 4> "$pipes/stderr"',
    ...(stdin ? ["exec 8<&0", "( trap '' HUP QUIT TERM; exec cat <&8 > \"$pipes/stdin\" 3>&- 4>&- ) 2>/dev/null &"] : []),
  ];
}

/** A second interrupt, or ^] three times within a second, does not wait for the apps. */
function signalLines(interactive: boolean): string[] {
  const stop = 'systemctl --no-block stop "$unit"';
  const kill = 'systemctl kill --signal=KILL "$unit"';
  const lines = [
    "terminal=",
    "stops=0",
    `stop() { stops=$((stops + 1)); if [ "$stops" -gt 1 ]; then ${kill}; else ${stop}; fi; }`,
    "trap stop HUP INT TERM",
  ];
  if (interactive) return [...lines, "exec 9<&0", `trap 'systemctl kill --kill-who=main --signal=WINCH "$unit" 2>/dev/null' WINCH`];
  return [
    ...lines,
    "quits=0 first=0",
    "quit() {",
    "  now=$(date +%s)",
    "  if [ $((now - first)) -gt 1 ]; then first=$now quits=0; fi",
    "  quits=$((quits + 1))",
    `  if [ "$quits" -ge 3 ]; then ${kill}; fi`,
    "}",
    "trap quit QUIT",
    "# In the foreground of a terminal ^] is the key that quits.",
    "if [ -t 0 ]; then",
    "  read -r _ _ _ _ group _ _ foreground _ < /proc/$$/stat",
    '  if [ "$group" = "$foreground" ]; then terminal=$(stty -g); stty quit ^]; fi',
    "fi",
  ];
}

function systemdRun({ pod, plan }: RunScriptInput): string[] {
  const terminal = pod.console?.kind === "terminal";
  const enclosed = plan.alone !== undefined;
  const properties: EntryInput[] = [
    ["NotifyAccess", "main"],
    ["Delegate", "yes"],
    ["KillMode", "mixed"],
    ["TasksMax", "16384"],
    ["TimeoutStartSec", "infinity"],
    ["TimeoutStopSec", `${Math.ceil(plan.stopTimeoutUsec / 1e6)}s`],
    ["Environment", "MEMORY_PRESSURE_WATCH=/dev/null"],
    ["SyslogIdentifier", `rkt-${pod.uuid}`],
    ["LogExtraFields", `RKT_POD_UUID=${pod.uuid}`],
    // An enclosed engine's lines, and what is executed then, are those of a drop-in.
    ...(enclosed ? [] : [...plan.service, ["ExecStopPost", stopLine(pod, plan)] as const]),
  ];
  return [
    "systemd-run",
    "--quiet",
    "--collect",
    "--wait",
    "--service-type=exec",
    ...(terminal ? ["--pipe"] : []),
    "--slice=machine.slice",
    `--unit=${runUnitOf(pod.uuid)}`,
    `--description=rkt pod ${pod.uuid}`,
    ...properties.map(([key, value]) => `--property=${key}=${Array.isArray(value) ? value.join(" ") : (value ?? "")}`),
    "--",
    "/bin/sh",
    `${pod.paths.generation}/launch`,
  ];
}

function script(lines: readonly string[], { strict = true } = {}): string {
  return `${[`# Made by "rkt run".`, ...(strict ? ["set -eu"] : []), ...lines].join("\n")}\n`;
}

function quoteWords(argv: readonly string[]): string {
  return argv.map(quoteShell).join(" ");
}
