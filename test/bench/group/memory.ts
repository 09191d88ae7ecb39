import { CROWDS, crowdRows, prepareCrowds, TEMPLATES } from "../crowds.ts";
import { runLoop } from "../driver.ts";
import type { Group } from "../group.ts";

/**
 * Proportional set sizes of what stands beside the app in each unit's cgroup, shared out among the pods: what is mapped by several counts for
 * each in parts. Processes of ours are those of the whole host whose program lies in /usr/lib/rkt, or that run `rkt`.
 */
const MEMORY = `
weigh() { # ROW TEMPLATE COUNT
    local units=() i unit pid comm name kib ours=0 total=0
    local -A sum=([systemd-nspawn]=0 [systemd]=0 [systemd-journal]=0 [conmon]=0)
    for ((i = 1; i <= $3; i++)); do units+=("$2@many$i.service"); done
    rm -f /srv/out/many*
    systemctl start "\${units[@]}"
    for ((i = 1; i <= $3; i++)); do await "/srv/out/many$i"; done
    settle
    for unit in "\${units[@]}"; do
        for pid in $(find "/sys/fs/cgroup$(systemctl show -P ControlGroup "$unit")" -name cgroup.procs -exec cat {} +); do
            read -r comm <"/proc/$pid/comm"
            [[ $comm == stamp ]] && continue
            while read -r name kib _; do
                [[ $name == Pss: ]] || continue
                sum[$comm]=$((\${sum[$comm]-0} + kib)); total=$((total + kib))
            done <"/proc/$pid/smaps_rollup"
        done
    done
    for pid in /proc/[0-9]*; do
        [[ $(readlink "$pid/exe" 2>/dev/null) == /usr/lib/rkt/* || $(cat "$pid/comm" 2>/dev/null) == rkt* ]] && ours=$((ours + 1))
    done
    sample_mb "$1" total $((total / $3)); sample_mb "$1" engine $(((\${sum[systemd-nspawn]} + \${sum[conmon]}) / $3))
    sample_mb "$1" systemd $((\${sum[systemd]} / $3)); sample_mb "$1" journald $((\${sum[systemd-journal]} / $3))
    sample "$1" ours $ours
    systemctl stop "\${units[@]}"
}`;

export const memoryGroup: Group = {
  key: "c",
  title: "memory of a running idle pod beside its app, PSS",
  figures: [
    { key: "total", title: "each", unit: "MB", drawn: true },
    { key: "engine", title: "nspawn or conmon", unit: "MB" },
    { key: "systemd", title: "systemd", unit: "MB" },
    { key: "journald", title: "journald", unit: "MB" },
    { key: "ours", title: "rkt's own", unit: "processes" },
  ],
  base: "rkt1",
  targets: [
    { title: "one of 16 pods", figure: "total", of: "rkt16", atMost: 5 },
    { title: "a pod alone", figure: "total", of: "rkt1", atMost: 5 },
    { title: "rkt's own processes beside 16 pods", figure: "ours", of: "rkt16", atMost: 0 },
  ],
  async measure(arena, rounds) {
    await prepareCrowds(arena);
    // A hundred share little more than sixteen do, and take eight times as long.
    const crowds = CROWDS.filter(([, count]) => count <= 16);
    const steps = crowds.map(([who, count]) => `weigh ${who}${count} ${TEMPLATES[who]} ${count}`);
    const samples = await runLoop(arena.host, { functions: MEMORY, steps, rounds });
    return { rows: crowdRows(arena, samples, crowds) };
  },
};
