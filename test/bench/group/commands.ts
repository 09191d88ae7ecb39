import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";
import { type Arena, ROOT } from "../arena.ts";

/** script(1) gives the command a terminal. */
const COMMANDS = `
terminal() { # ROW COMMAND-LINE
    host_sample "$1" script --quiet --return --command "$2" /dev/null
}
tidy() { rkt gc --grace-period=0s --expire-prepared=0s >/dev/null 2>&1; }`;

export const commandsGroup: Group = {
  key: "g",
  title: "commands for one pod of /bin/true",
  figures: [
    { key: "wall", title: "wall", unit: "ms", drawn: true },
    { key: "cpu", title: "CPU of the host", unit: "ms" },
  ],
  base: "run",
  targets: [
    { title: "rkt run from a terminal", figure: "wall", of: "run", atMost: 500 },
    { title: "rkt run --net=host from a terminal", figure: "wall", of: "runHost", atMost: 500 },
  ],
  async measure(arena, rounds) {
    await arena.host.sh("rkt fetch /root/images/bench.aci");
    const rows = listRows(arena);
    const samples = await runLoop(arena.host, { functions: COMMANDS, steps: rows.map(({ step }) => step), rounds });
    return { rows: rows.map(({ key, title }) => ({ key, title, samples: samples.get(key) ?? {} })) };
  },
};

interface CommandRow {
  readonly key: string;
  readonly title: string;
  readonly step: string;
}

/** podman gives a container that is no unit a cgroup with limits, for which these hosts have no controllers. */
function listRows({ podman }: Arena): readonly CommandRow[] {
  const image = "example.com/bench";
  const foreign = (network: string): string => `podman run --rm -t --cgroups=disabled ${network} --rootfs ${ROOT}:O /bin/true`;
  return [
    { key: "run", title: "rkt run, default network, from a terminal", step: `terminal run "rkt run ${image}"; tidy` },
    { key: "runHost", title: "rkt run --net=host, from a terminal", step: `terminal runHost "rkt run --net=host ${image}"; tidy` },
    {
      key: "podman",
      title: `podman run --rm -t, its bridge (podman ${podman.version}, --cgroups=disabled)`,
      step: `terminal podman "${foreign("")}"`,
    },
    {
      key: "podmanHost",
      title: "podman run --rm -t --network=host, --cgroups=disabled",
      step: `terminal podmanHost "${foreign("--network=host")}"`,
    },
    { key: "prepare", title: "rkt prepare", step: `host_sample prepare rkt prepare ${image}; tidy` },
  ];
}
