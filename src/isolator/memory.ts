import type { IsolatorMapping } from "./mapping.ts";

/** The limit; a request reserves nothing, as in the original. */
export const memory: IsolatorMapping = {
  names: ["resource/memory"],
  directives: (isolator) =>
    isolator?.name === "resource/memory" && isolator.limit !== undefined ? [["MemoryMax", `${isolator.limit}`]] : [],
};
