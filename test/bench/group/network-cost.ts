import { type Arena, declarePod } from "../arena.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";
import { composePodman, writeUnit } from "../peers.ts";

/** Two starts and stops, one after the other, without the network and with it: the sample is the difference. */
const PAIRS = `
life() { # UNIT: sets A to D
    rm -f /srv/out/stamp
    settle; local c0=$CPU t0=\${EPOCHREALTIME/[.,]/} stamp
    systemctl start "$1"
    await /srv/out/stamp; settle
    read -r stamp _ </srv/out/stamp; A=$((stamp - t0)) B=$((CPU - c0))
    c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    systemctl stop "$1"
    C=$((\${EPOCHREALTIME/[.,]/} - t0)); settle; D=$((CPU - c0))
}
adds() { # ROW UNIT-WITHOUT UNIT-WITH
    life "$2"; local a=$A b=$B c=$C d=$D
    life "$3"
    difference "$1" start $((A - a)); difference "$1" startCpu $((B - b)); difference "$1" stop $((C - c)); difference "$1" stopCpu $((D - d))
}
difference() { if (($3 < 0)); then sample_ms "$1" "$2" $((-$3)) | sed 's/ \\([0-9.]*\\)$/ -\\1/'; else sample_ms "$1" "$2" "$3"; fi }
plugin() { CNI_COMMAND=$1 CNI_CONTAINERID=bench CNI_NETNS=/run/netns/bench CNI_IFNAME=eth0 CNI_PATH=/usr/lib/cni "/usr/lib/cni/$2"; }
BRIDGE='"cniVersion":"0.4.0","name":"bench","type":"bridge","bridge":"cni-bench","isGateway":true,"ipMasq":true,"ipam":{"type":"host-local","subnet":"10.98.0.0/24","routes":[{"dst":"0.0.0.0/0"}]}'
PORTMAP='"cniVersion":"0.4.0","name":"bench","type":"portmap","runtimeConfig":{"portMappings":[{"hostPort":8083,"containerPort":8080,"protocol":"tcp"}]}'
cni_add() { # PORTMAP
    ip netns add bench
    plugin ADD bridge <<<"{$BRIDGE}" >/tmp/cni.bridge
    [[ -z $1 ]] || plugin ADD portmap <<<"{$PORTMAP,\\"prevResult\\":$(</tmp/cni.bridge)}" >/dev/null
}
cni_del() { # PORTMAP
    [[ -z $1 ]] || plugin DEL portmap <<<"{$PORTMAP,\\"prevResult\\":$(</tmp/cni.bridge)}" >/dev/null
    plugin DEL bridge <<<"{$BRIDGE}" >/dev/null
    ip netns del bench
}
cni() { # ROW [PORTMAP]
    settle; local c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    cni_add "\${2-}"
    local t1=\${EPOCHREALTIME/[.,]/}
    settle; local c1=$CPU t2=\${EPOCHREALTIME/[.,]/}
    cni_del "\${2-}"
    local t3=\${EPOCHREALTIME/[.,]/}
    settle
    sample_ms "$1" start $((t1 - t0)); sample_ms "$1" startCpu $((c1 - c0)); sample_ms "$1" stop $((t3 - t2)); sample_ms "$1" stopCpu $((CPU - c1))
}`;

const STAMP = "/stamp /out/stamp";

export const networkCostGroup: Group = {
  key: "h",
  title: "what a network with one forwarded port adds to start (to the app's first instruction) and stop",
  figures: [
    { key: "start", title: "start", unit: "ms", drawn: true },
    { key: "startCpu", title: "CPU", unit: "ms", drawn: true },
    { key: "stop", title: "stop", unit: "ms" },
    { key: "stopCpu", title: "CPU", unit: "ms" },
  ],
  base: "rkt",
  targets: [],
  async measure(arena, rounds) {
    await preparePairs(arena);
    const rows = [
      { key: "rkt", title: "rkt, Net=default and Port= over Net=host", step: "adds rkt rkt-pod@alone rkt-pod@wired" },
      { key: "podman", title: `podman ${arena.podman.version}, netavark over --network=host`, step: "adds podman bench-alone bench-wired" },
      { key: "cni", title: "CNI bridge, the plugin alone", step: "cni cni" },
      { key: "portmap", title: "CNI bridge and portmap, chained by sh", step: "cni portmap portmap" },
    ];
    const samples = await runLoop(arena.host, { functions: PAIRS, steps: rows.map(({ step }) => step), rounds });
    return {
      rows: rows.map(({ key, title }) => ({ key, title, samples: samples.get(key) ?? {} })),
      notes: ["rkt's and podman's are differences of two starts in the same round; the plugins' are their own wall time and CPU."],
    };
  },
};

async function preparePairs(arena: Arena): Promise<void> {
  const { host } = arena;
  await host.write("/etc/rkt/pods.d/alone.pod", declarePod(STAMP));
  await host.write("/etc/rkt/pods.d/wired.pod", declarePod(STAMP, "Net=default\nPort=web:8081\nPrivateUsers=no\n"));
  await host.sh("rkt pod apply alone wired");
  await writeUnit(host, "bench-alone", composePodman(arena, "%N", STAMP));
  await writeUnit(host, "bench-wired", composePodman(arena, "%N", STAMP, ["-p", "8082:8080"]));
  await host.sh("systemctl daemon-reload");
}
