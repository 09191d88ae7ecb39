import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { ImageManifest } from "./appc.ts";

/**
 * How an image of stage1 says what it is, in annotations of its manifest. The original's named programs that a pod's life goes through, up
 * to version 6 of their interface; from 7 on nothing is executed, and the image names the engine that its tree is for.
 */
export const stage1Annotations = {
  engine: "coreos.com/rkt/stage1/engine",
  version: "coreos.com/rkt/stage1/interface-version",
} as const;

/** Raised when rkt comes to need something else of a tree: another program that units execute, or other words between host and guest program. */
export const stage1Interface = 7;

/** Name of the engine, as in `Stage1=`. Throws `stage1-image`. */
export function engineOfImage({ name, annotations = [] }: Pick<ImageManifest, "name" | "annotations">): string {
  const valueOf = (key: string): string | undefined => annotations.find((annotation) => annotation.name === key)?.value;
  const engine = valueOf(stage1Annotations.engine);
  if (engine === undefined) {
    const original = annotations.some((annotation) => annotation.name === "coreos.com/rkt/stage1/run");
    const reason = original
      ? "it is for the original rkt, whose programs this one does not execute"
      : `it is no image of stage1: its manifest has no annotation ${quoteText(stage1Annotations.engine)}`;
    throw refuse(
      name,
      reason,
      `"coreos.com/rkt/stage1-coreos" and its like are part of rkt; packaging/README.md says how images of them are made`,
    );
  }
  // Missing means 1, as the original had it.
  const version = valueOf(stage1Annotations.version) ?? "1";
  if (version === String(stage1Interface)) return engine;
  throw refuse(
    name,
    `its interface has version ${quoteText(version)}, and this rkt knows ${stage1Interface}`,
    "Take an image that was made for this release",
  );
}

function refuse(name: string, reason: string, hint: string): RktError {
  return new RktError("stage1-image", `Cannot use image ${quoteText(name)} as stage1: ${reason}`, { hint });
}
