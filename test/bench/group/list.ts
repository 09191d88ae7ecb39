import { COPY_PODS, prepareCopies } from "../copies.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";

const COUNTS = [0, 100, 1000] as const;

/** Each count has a tree of pods of its own, which is put in the place of the host's before the command. */
const LIST = `${COPY_PODS}
[[ -e /var/lib/rkt/bench/pods-0 ]] || for count in ${COUNTS.join(" ")}; do
    mkdir -p "/var/lib/rkt/bench/pods-$count"
    copy_pods "/var/lib/rkt/bench/pods-$count/run" "$count"
done
list() { # COUNT
    local lines
    mv /var/lib/rkt/pods /var/lib/rkt/bench/pods-own
    mv "/var/lib/rkt/bench/pods-$1" /var/lib/rkt/pods
    timed_sample "pods$1" rkt list || lines=failed
    lines=\${lines:-$(rkt list --no-legend | wc -l)}
    mv /var/lib/rkt/pods "/var/lib/rkt/bench/pods-$1"
    mv /var/lib/rkt/bench/pods-own /var/lib/rkt/pods
    [[ $lines == "$1" ]] || { echo "rkt list: $lines lines for $1 pods" >&2; return 1; }
}`;

export const listGroup: Group = {
  key: "d",
  title: "rkt list, the pods copies of one",
  figures: [
    { key: "wall", title: "wall", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU", unit: "ms" },
    { key: "memory", title: "largest process", unit: "MB" },
  ],
  base: "node",
  targets: [{ title: "100 pods against node -e 0", figure: "wall", of: "pods100", to: "node", atMost: 1.5 }],
  async measure({ host }, rounds) {
    await prepareCopies(host);
    const steps = ["timed_sample node /usr/lib/rkt/bin/node -e 0", ...COUNTS.map((count) => `list ${count}`)];
    const samples = await runLoop(host, { functions: LIST, steps, rounds });
    return {
      rows: [
        { key: "node", title: "node -e 0, rkt's own Node", samples: samples.get("node") ?? {} },
        ...COUNTS.map((count) => ({ key: `pods${count}`, title: `rkt list, ${count} pods`, samples: samples.get(`pods${count}`) ?? {} })),
      ],
    };
  },
};
