import type { CommandDeclaration } from "../declaration.ts";
import { formatOption, noLegendOption } from "../declaration.ts";

export const imageListCommand: CommandDeclaration = {
  name: "list",
  summary: "List the images of the store",
  description: [
    "Sizes count the stored archive and the rendered tree. Times are relative; with --full they and the IDs are printed whole.",
  ],
  options: [
    {
      name: "fields",
      kind: "list",
      value: "FIELDS",
      fallback: "id,name,size,importtime,lastused",
      description: "Columns in this order, of id, name, size, importtime, lastused",
    },
    {
      name: "sort",
      kind: "list",
      value: "FIELDS",
      fallback: "importtime",
      description: "Sort by these, of name, importtime, lastused, size",
    },
    { name: "order", kind: "text", value: "ORDER", choices: ["asc", "desc"], fallback: "asc", description: "Direction of the sort" },
    { name: "full", kind: "flag", description: "Print whole IDs, times and sizes" },
    noLegendOption,
    formatOption,
  ],
  examples: [
    { command: "rkt image list", text: "List all images" },
    { command: "rkt image list --fields=name,id --sort=size --order=desc --full", text: "The largest first, with whole IDs" },
  ],
  schema: "image-list",
  root: false,
  onlyPrints: true,
  run: () => import("../run/image-list.ts"),
};
