import type { CommandDeclaration } from "../declaration.ts";
import { imageCatManifestCommand } from "./image-cat-manifest.ts";
import { imageExportCommand } from "./image-export.ts";
import { imageExtractCommand } from "./image-extract.ts";
import { imageGcCommand } from "./image-gc.ts";
import { imageRenderCommand } from "./image-render.ts";
import { imageFetchCommand } from "./image-fetch.ts";
import { imageListCommand } from "./image-list.ts";
import { imageRmCommand } from "./image-rm.ts";
import { imageVerifyCommand } from "./image-verify.ts";

export const imageCommand: CommandDeclaration = {
  name: "image",
  summary: "Operate on the images of the store",
  description: [
    "An image of the store is named by its ID, by an unambiguous beginning of it (at least sha512- and two digits), or by its name, with version and labels where that is needed to tell it from others.",
  ],
  examples: [{ command: "rkt image list", text: "List the images of the store" }],
  root: false,
  commands: [
    imageListCommand,
    imageRmCommand,
    imageGcCommand,
    imageCatManifestCommand,
    imageExportCommand,
    imageExtractCommand,
    imageRenderCommand,
    imageVerifyCommand,
    imageFetchCommand,
  ],
};
