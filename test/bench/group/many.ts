import { CROWDS, crowdRows, prepareCrowds, TEMPLATES } from "../crowds.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";

/** Until the last app has run its first instruction; the CPU until the host is at rest again, shared out among them. */
const CROWD = `
crowd() { # ROW TEMPLATE COUNT
    local units=() i stamp last=0
    for ((i = 1; i <= $3; i++)); do units+=("$2@many$i"); done
    rm -f /srv/out/many*
    settle; local c0=$CPU t0=\${EPOCHREALTIME/[.,]/}
    systemctl start "\${units[@]}"
    for ((i = 1; i <= $3; i++)); do
        await "/srv/out/many$i"; read -r stamp _ <"/srv/out/many$i"
        ((stamp > last)) && last=$stamp
    done
    settle
    sample_ms "$1" wall $((last - t0)); sample_ms "$1" wallEach $(((last - t0) / $3)); sample_ms "$1" cpuEach $(((CPU - c0) / $3))
    systemctl stop "\${units[@]}"
}`;

export const manyGroup: Group = {
  key: "f",
  title: "many started by one systemctl start, to the last app's first instruction",
  figures: [
    { key: "wall", title: "wall", unit: "ms" },
    { key: "wallEach", title: "wall each", unit: "ms", drawn: true },
    { key: "cpuEach", title: "CPU each", unit: "ms", drawn: true },
  ],
  base: "rkt1",
  targets: [
    { title: "CPU of each of 16 pods against one", figure: "cpuEach", of: "rkt16", to: "rkt1", atMost: 1.1 },
    { title: "CPU of each of 100 pods against one", figure: "cpuEach", of: "rkt100", to: "rkt1", atMost: 1.1 },
  ],
  bothModes: true,
  async measure(arena, rounds) {
    await prepareCrowds(arena);
    const steps = CROWDS.map(([who, count]) => `crowd ${who}${count} ${TEMPLATES[who]} ${count}`);
    const samples = await runLoop(arena.host, { functions: CROWD, steps, rounds });
    return { rows: crowdRows(arena, samples) };
  },
};
