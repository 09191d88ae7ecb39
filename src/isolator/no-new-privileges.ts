import type { IsolatorMapping } from "./mapping.ts";

export const noNewPrivileges: IsolatorMapping = {
  names: ["os/linux/no-new-privileges"],
  directives: (isolator) => (isolator?.name === "os/linux/no-new-privileges" ? [["NoNewPrivileges", isolator.value ? "yes" : "no"]] : []),
};
