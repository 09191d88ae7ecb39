/**
 * What a running idle pod keeps in memory beside its app, as the kernel of a virtual machine accounts it by control group (pages, page
 * cache, kernel memory), and by process.
 */
import { BOX_POD, prepareBox, shellApp } from "../lib/box.ts";
import type { TestMachine } from "../lib/machine.ts";
import { applyPod } from "../lib/pod-host.ts";
import type { Suite } from "../lib/suites.ts";
import { bootVm } from "../lib/vm.ts";

/** Bytes. */
export interface Memory {
  /** memory.current: all that is charged to the group. A process stays charged where it was when it took a page. */
  readonly total: number;
  /** Of that, private memory of processes. */
  readonly anonymous: number;
  /** What its processes have mapped, shared pages in shares (Pss). */
  readonly proportional: number;
}

export interface PodMemory {
  readonly pod: Memory;
  readonly app: Memory;
  /** The pod without its app. */
  readonly rest: Memory;
  /** Of the rest; "other": units beside these, and what processes took in the unit's own group before they were moved. */
  readonly parts: Readonly<Record<"nspawn" | "systemd" | "journald" | "other", Memory>>;
}

const GROUP = "/sys/fs/cgroup/machine.slice/rkt-pod@idle.service";
const GROUPS = {
  pod: GROUP,
  app: `${GROUP}/payload/system.slice/main.service`,
  nspawn: `${GROUP}/supervisor`,
  systemd: `${GROUP}/payload/init.scope`,
  journald: `${GROUP}/payload/system.slice/systemd-journald.service`,
} as const;

/** `NAME memory.current anon Pss`, a line for each of the groups given as NAME=PATH; processes of the groups below count. */
const read = `
for pair in "$@"; do
  group=\${pair#*=}
  pss=$(find "$group" -name cgroup.procs -exec cat {} + | while read -r pid; do sed -n 's/^Pss: *\\([0-9]*\\) kB$/\\1/p' /proc/$pid/smaps_rollup; done | awk '{ sum += $1 } END { print sum * 1024 }')
  echo \${pair%%=*} $(cat "$group/memory.current") $(sed -n 's/^anon //p' "$group/memory.stat") $pss
done`;

/** Boots a virtual machine of its own, and so waits until no other one runs; the pod is started anew for each of the rounds. */
export async function measurePodMemory(suite: Suite, rounds: number): Promise<PodMemory[]> {
  await using vm = await bootVm({ suite });
  await prepareBox(vm);
  await applyPod(vm, "idle", `${BOX_POD}Net=none\n${shellApp("main", "exec sleep 100000")}`);
  // The first start is charged for what it brings into the page cache for all.
  await vm.sh("for i in 1 2 3; do systemctl stop rkt-pod@idle; systemctl start rkt-pod@idle; done");
  const samples: PodMemory[] = [];
  for (let round = 0; round < rounds; round += 1) {
    await vm.sh("systemctl stop rkt-pod@idle; systemctl start rkt-pod@idle");
    samples.push(await readMemory(vm));
  }
  return samples;
}

async function readMemory(vm: TestMachine): Promise<PodMemory> {
  const pairs = Object.entries(GROUPS).map(([name, path]) => `${name}=${path}`);
  const { stdout, stderr } = await vm.run(["bash", "-euc", read, "bash", ...pairs]);
  const measured = new Map(
    stdout.split("\n").map((line): [string, Memory] => {
      const [name = "", ...figures] = line.split(" ");
      const [total = Number.NaN, anonymous = Number.NaN, proportional = Number.NaN] = figures.map(Number);
      return [name, { total, anonymous, proportional }];
    }),
  );
  const get = (name: keyof typeof GROUPS): Memory => {
    const memory = measured.get(name);
    if (memory === undefined) throw new Error(`Cannot measure ${name}: ${stderr}`);
    return memory;
  };
  const parts = { nspawn: get("nspawn"), systemd: get("systemd"), journald: get("journald") };
  const rest = subtract(get("pod"), [get("app")]);
  return { pod: get("pod"), app: get("app"), rest, parts: { ...parts, other: subtract(rest, Object.values(parts)) } };
}

function subtract(whole: Memory, parts: readonly Memory[]): Memory {
  const less = (key: keyof Memory): number => parts.reduce((sum, part) => sum - part[key], whole[key]);
  return { total: less("total"), anonymous: less("anonymous"), proportional: less("proportional") };
}
