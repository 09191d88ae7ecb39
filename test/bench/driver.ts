import type { TestMachine } from "../lib/machine.ts";

/**
 * The loops that measure run in the host, in one bash without forks of its own between the clock and what is measured.
 * A line of their output is a sample: `ROUND ROW FIGURE VALUE`; round 0 fills caches and is dropped.
 */
const PRELUDE = `
set -o errtrace
trap '{ systemctl --failed --no-legend; journalctl --quiet --no-pager -n 30; } >&2' ERR
exec {never}<> <(:)
# Sleeps without a process.
nap() { read -rt "$1" -u "$never" || :; }
# CPU of the whole host, µs: its PID 1, engines, pods and commands together.
cpu() { read -r _ CPU </sys/fs/cgroup/cpu.stat; }
# Waits until the host is at rest, so that what a start leaves to do is counted for it and not for the next; sets CPU.
settle() {
    local before tries
    for tries in {1..100}; do
        cpu; before=$CPU; nap 0.04; cpu
        (( CPU - before > 400 )) || return 0
    done
}
await() {
    local tries
    for tries in {1..6000}; do
        [[ -s $1 ]] && return 0
        nap 0.005
    done
    echo "nothing came to $1" >&2
    return 1
}
# Wall, CPU and the memory of the largest process of one command that must succeed: its own, not that of what it asks others to do.
timed_sample() { # ROW COMMAND ARG…
    local row=$1 wall cpu kib code; shift
    read -r wall cpu kib code < <(timed "$@" 3>&1 >/dev/null 2>/tmp/timed.err) || :
    [[ $code == 0 ]] || { echo "$row: ended with $code"; cat /tmp/timed.err; return 1; } >&2
    sample_ms "$row" wall "$wall"; sample_ms "$row" cpu "$cpu"; sample_mb "$row" memory "$kib"
}
# The same with the CPU of the whole host until it is at rest again.
host_sample() { # ROW COMMAND ARG…
    local row=$1 c0 t0 t1; shift
    settle; c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    "$@" </dev/null >/tmp/host.out 2>&1 || { local code=$?; echo "$row: ended with $code"; cat /tmp/host.out; return 1; } >&2
    t1=\${EPOCHREALTIME/[.,]/}
    settle
    sample_ms "$row" wall $((t1 - t0)); sample_ms "$row" cpu $((CPU - c0))
}
sample_mb() { local hundredths=$(($3 * 1024 / 10000)); printf '%s %s %s %d.%02d\\n' "$round" "$1" "$2" $((hundredths / 100)) $((hundredths % 100)); }
sample() { echo "$round $1 $2 $3"; }
sample_ms() { local us=$3; printf '%s %s %s %d.%03d\\n' "$round" "$1" "$2" $((us / 1000)) $((us % 1000)); }
`;

export interface Loop {
  /** Functions that the steps call. */
  readonly functions: string;
  /** One line of shell for each row of the table, taken in turns. */
  readonly steps: readonly string[];
  readonly rounds: number;
}

export type Samples = ReadonlyMap<string, Readonly<Record<string, readonly number[]>>>;

/** Row → figure → samples. The order within a round moves on by one each round, so that no row always follows the same other. */
export async function runLoop(host: Pick<TestMachine, "run" | "name">, loop: Loop): Promise<Samples> {
  const script = `${PRELUDE}${loop.functions}\n${composeRounds(loop)}`;
  const result = await host.run(["bash", "--norc", "-euc", script], { timeout: 3_600_000 });
  if (result.status !== 0) throw new Error(`Cannot measure on ${host.name}: ended with ${result.status}\n${result.stderr}`);
  return parseSamples(result.stdout);
}

function composeRounds({ steps, rounds }: Loop): string {
  return Array.from({ length: rounds + 1 }, (_, round) => {
    const turned = steps.map((_step, index) => steps[(index + round) % steps.length] ?? "");
    return [`round=${round}`, ...turned].join("\n");
  }).join("\n");
}

export function parseSamples(text: string): Samples {
  const rows = new Map<string, Record<string, number[]>>();
  for (const line of text.split("\n").filter((found) => found !== "")) {
    const [round = "", row = "", figure = "", value = ""] = line.split(" ");
    if (!/^\d+$/.test(round) || !Number.isFinite(Number(value)) || value === "") throw new Error(`Cannot read sample "${line}"`);
    if (round === "0") continue;
    const figures = rows.get(row) ?? {};
    rows.set(row, { ...figures, [figure]: [...(figures[figure] ?? []), Number(value)] });
  }
  return rows;
}
