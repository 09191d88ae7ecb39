import { applyPlainPods } from "../arena.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";
import { makeContestants } from "../peers.ts";

/** From `systemctl start` to the reading of the clock that is the app's first act. */
const START = `
start() { # ROW UNIT
    rm -f /srv/out/stamp
    settle; local c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    systemctl start "$2"
    await /srv/out/stamp
    settle
    local stamp; read -r stamp _ </srv/out/stamp
    sample_ms "$1" toApp $((stamp - t0)); sample_ms "$1" cpu $((CPU - c0))
    systemctl stop "$2"
}`;

export const startGroup: Group = {
  key: "a",
  title: "systemctl start to the app's first instruction",
  figures: [
    { key: "toApp", title: "to the app", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU until it runs", unit: "ms" },
  ],
  base: "rkt",
  targets: [
    { title: "rkt against the bare boot", figure: "toApp", of: "rkt", to: "boot", atMost: 1 },
    { title: "rkt against podman's unit", figure: "toApp", of: "rkt", to: "podman", atMost: 0.8 },
  ],
  bothModes: true,
  async measure(arena, rounds) {
    const exec = "/stamp /out/stamp";
    await applyPlainPods(arena.host, { idle: exec });
    const contestants = await makeContestants(arena, "idle", exec);
    const steps = contestants.map(({ key, unit, before }) => `${before}; start ${key} ${unit}`);
    const samples = await runLoop(arena.host, { functions: START, steps, rounds });
    return { rows: contestants.map(({ key, title }) => ({ key, title, samples: samples.get(key) ?? {} })) };
  },
};
