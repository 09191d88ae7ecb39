import type { IsolatorMapping } from "./mapping.ts";

/** Shares of cgroup v1 (1024 is usual) as a weight of v2 (100 is usual), by systemd's own rule. */
export const cpuShares: IsolatorMapping = {
  names: ["os/linux/cpu-shares"],
  directives: (isolator) => (isolator?.name === "os/linux/cpu-shares" ? [["CPUWeight", `${weightOf(isolator.value)}`]] : []),
};

function weightOf(shares: number): number {
  return Math.min(Math.max(Math.floor((shares * 100) / 1024), 1), 10_000);
}
