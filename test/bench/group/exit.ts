import { applyPlainPods } from "../arena.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";
import { makeContestants } from "../peers.ts";

const RUN = `
run() { # ROW UNIT
    settle; local c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    systemctl start --wait "$2"
    local t1=\${EPOCHREALTIME/[.,]/}
    settle
    sample_ms "$1" wall $((t1 - t0)); sample_ms "$1" cpu $((CPU - c0))
}`;

export const exitGroup: Group = {
  key: "b",
  title: "systemctl start --wait of /bin/true, start to exit",
  figures: [
    { key: "wall", title: "wall", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU", unit: "ms", drawn: true },
  ],
  base: "rkt",
  targets: [],
  bothModes: true,
  async measure(arena, rounds) {
    const exec = "/bin/true";
    await applyPlainPods(arena.host, { job: exec });
    const contestants = await makeContestants(arena, "job", exec);
    const steps = contestants.map(({ key, unit, before }) => `${before}; run ${key} ${unit}`);
    const samples = await runLoop(arena.host, { functions: RUN, steps, rounds });
    return { rows: contestants.map(({ key, title }) => ({ key, title, samples: samples.get(key) ?? {} })) };
  },
};
