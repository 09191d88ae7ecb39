import { COPY_PODS, prepareCopies } from "../copies.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";

const COLLECT = `${COPY_PODS}
collect() { # ROW COUNT
    copy_pods /var/lib/rkt/pods/run "$2"
    sync -f /var/lib/rkt
    host_sample "$1" rkt gc --grace-period=0s
    local left; left=$(find /var/lib/rkt/pods/run /var/lib/rkt/pods/exited-garbage /var/lib/rkt/pods/garbage -mindepth 1 -maxdepth 1 | wc -l)
    [[ $left == 0 ]] || { echo "rkt gc left $left pods" >&2; return 1; }
}`;

export const collectGroup: Group = {
  key: "g",
  title: "rkt gc --grace-period=0s, the ended pods copies of one",
  figures: [
    { key: "wall", title: "wall", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU of the host", unit: "ms" },
  ],
  base: "gc0",
  targets: [],
  async measure({ host }, rounds) {
    await prepareCopies(host);
    const samples = await runLoop(host, { functions: COLLECT, steps: ["collect gc0 0", "collect gc1000 1000"], rounds });
    const named = (await host.sh("rkt pod list | tail -n +2 | wc -l")).trim();
    return {
      rows: [
        { key: "gc0", title: "rkt gc, no ended pods", samples: samples.get("gc0") ?? {} },
        { key: "gc1000", title: "rkt gc of 1000 ended pods", samples: samples.get("gc1000") ?? {} },
      ],
      notes: [`The host has ${named} named pods of other groups besides, which gc looks at, too.`],
    };
  },
};
