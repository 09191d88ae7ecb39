import type { IsolatorMapping } from "./mapping.ts";

/** The limit, in thousandths of a processor, as the share of one in percent. */
export const cpu: IsolatorMapping = {
  names: ["resource/cpu"],
  directives: (isolator) =>
    isolator?.name === "resource/cpu" && isolator.limit !== undefined ? [["CPUQuota", `${formatPercent(isolator.limit)}%`]] : [],
};

/** systemd takes hundredths of a percent, and nothing below one of them. */
function formatPercent(milli: number): string {
  return String(Math.max(milli / 10, 0.1));
}
