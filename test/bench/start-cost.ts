/** npm run bench [-- --suite=trixie]: what a private network and private users add to start and stop of one pod, in one run. */
import { BOX_POD, bootWithBox, shellApp } from "../lib/box.ts";
import type { TestHost } from "../lib/host.ts";
import { applyPod } from "../lib/pod-host.ts";
import { parseSuite } from "../lib/suites.ts";

/** Name of a pod → its lines for [Pod]. All else is the same. */
const pods = {
  host: "Net=host\nPrivateUsers=no\n",
  none: "Net=none\nPrivateUsers=no\n",
  default: "Net=default\nPrivateUsers=no\n",
  users: "Net=host\nPrivateUsers=yes\n",
  both: "Net=default\nPrivateUsers=yes\n",
} as const;

type PodKind = keyof typeof pods;
type Figure = "start" | "startCpu" | "stop" | "stopCpu";
/** Milliseconds. */
type Sample = Readonly<Record<Figure, number>>;

const figures: readonly Figure[] = ["start", "startCpu", "stop", "stopCpu"];
const rounds = 15;

/** Wall clock by the shell's own, CPU of the whole host by its root cgroup: PID 1, nspawn, pod and the commands together. */
const measure = `
cpu() { sed -n 's/^usage_usec //p' /sys/fs/cgroup/cpu.stat; }
now() { echo "\${EPOCHREALTIME/[.,]/}"; }
for round in $(seq ${rounds + 1}); do
  for pod in ${Object.keys(pods).join(" ")}; do
    c0=$(cpu); t0=$(now); systemctl start rkt-pod@$pod; t1=$(now); c1=$(cpu)
    systemctl stop rkt-pod@$pod; t2=$(now); c2=$(cpu)
    echo "$round $pod $((t1 - t0)) $((c1 - c0)) $((t2 - t1)) $((c2 - c1))"
  done
done`;

async function main(): Promise<void> {
  const suite = parseSuite(process.argv[2]?.replace(/^--suite=/, "") ?? "bookworm");
  await using host = await bootWithBox(suite);
  for (const [name, lines] of Object.entries(pods)) {
    await applyPod(host, name, `${BOX_POD}${lines}${shellApp("main", "while :; do sleep 1000; done")}`);
  }
  const samples = await readSamples(host);
  process.stdout.write(`start and stop of one pod on ${suite}, ms, median of ${rounds} (least..most), interleaved\n\n`);
  process.stdout.write(`${formatTable(samples)}\n`);
}

async function readSamples(host: TestHost): Promise<ReadonlyMap<PodKind, readonly Sample[]>> {
  const text = (await host.run(["bash", "-euc", measure], { timeout: 600_000 })).stdout;
  const samples = new Map<PodKind, Sample[]>();
  for (const line of text.trim().split("\n")) {
    const [round, pod, ...values] = line.split(" ");
    // The first round fills caches.
    if (round === "1") continue;
    const [start = 0, startCpu = 0, stop = 0, stopCpu = 0] = values.map((value) => Number(value) / 1000);
    const kind = pod as PodKind;
    samples.set(kind, [...(samples.get(kind) ?? []), { start, startCpu, stop, stopCpu }]);
  }
  return samples;
}

function formatTable(samples: ReadonlyMap<PodKind, readonly Sample[]>): string {
  const base = samples.get("host") ?? [];
  const lines = [["pod", ...figures.flatMap((figure) => [figure, "more"])]];
  for (const [kind, list] of samples) {
    const cells = figures.flatMap((figure) => {
      const values = list.map((sample) => sample[figure]);
      const more = median(values) - median(base.map((sample) => sample[figure]));
      return [`${median(values).toFixed(0)} (${Math.min(...values).toFixed(0)}..${Math.max(...values).toFixed(0)})`, signed(more)];
    });
    lines.push([kind, ...cells]);
  }
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(column === 0 ? 9 : column % 2 === 1 ? 16 : 6)).join("")).join("\n");
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2;
}

function signed(value: number): string {
  return `${value < 0 ? "" : "+"}${value.toFixed(0)}`;
}

await main();
