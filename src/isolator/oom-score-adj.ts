import type { IsolatorMapping } from "./mapping.ts";

export const oomScoreAdj: IsolatorMapping = {
  names: ["os/linux/oom-score-adj"],
  directives: (isolator) => (isolator?.name === "os/linux/oom-score-adj" ? [["OOMScoreAdjust", `${isolator.value}`]] : []),
};
