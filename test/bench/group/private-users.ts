import type { Group } from "../group.ts";
import { declarePod } from "../arena.ts";
import { runLoop } from "../driver.ts";

/** Row → title and lines for [Pod]. All else is the same. */
const PODS = {
  host: ["Net=host", "Net=host\nPrivateUsers=no\n"],
  none: ["Net=none", "Net=none\nPrivateUsers=no\n"],
  default: ["Net=default", "Net=default\nPrivateUsers=no\n"],
  users: ["Net=host, PrivateUsers=yes", "Net=host\nPrivateUsers=yes\n"],
  both: ["Net=default, PrivateUsers=yes", "Net=default\nPrivateUsers=yes\n"],
} as const;

const TURN = `
turn() { # ROW
    settle; local c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    systemctl start "rkt-pod@kind-$1"
    local t1=\${EPOCHREALTIME/[.,]/}
    settle; local c1=$CPU t2=\${EPOCHREALTIME/[.,]/}
    systemctl stop "rkt-pod@kind-$1"
    local t3=\${EPOCHREALTIME/[.,]/}
    settle
    sample_ms "$1" start $((t1 - t0)); sample_ms "$1" startCpu $((c1 - c0)); sample_ms "$1" stop $((t3 - t2)); sample_ms "$1" stopCpu $((CPU - c1))
}`;

export const privateUsersGroup: Group = {
  key: "u",
  title: "what networks and private users add to start (until systemctl returns) and stop",
  figures: [
    { key: "start", title: "start", unit: "ms", drawn: true },
    { key: "startCpu", title: "CPU", unit: "ms" },
    { key: "stop", title: "stop", unit: "ms" },
    { key: "stopCpu", title: "CPU", unit: "ms" },
  ],
  base: "host",
  targets: [],
  async measure({ host }, rounds) {
    for (const [name, [, lines]] of Object.entries(PODS)) {
      await host.write(`/etc/rkt/pods.d/kind-${name}.pod`, declarePod("/bin/sleep infinity", lines));
    }
    await host.sh(
      `rkt pod apply ${Object.keys(PODS)
        .map((name) => `kind-${name}`)
        .join(" ")}`,
    );
    const samples = await runLoop(host, { functions: TURN, steps: Object.keys(PODS).map((name) => `turn ${name}`), rounds });
    return { rows: Object.entries(PODS).map(([key, [title]]) => ({ key, title, samples: samples.get(key) ?? {} })) };
  },
};
