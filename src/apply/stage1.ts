import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { RenderedImage } from "../image/render.ts";
import type { Engine } from "../pod/engine.ts";
import type { PodDeclaration } from "../spec/declaration.ts";

/** What isolates a pod: an engine, with the host's own files or those of an image. */
export interface ChosenStage1 {
  readonly engine: Engine;
  readonly image?: RenderedImage;
}

/** From what `Stage1=` says to an engine, and to its image: found or fetched, judged, rendered. */
export type Stage1Provider = (stage1: string) => Promise<ChosenStage1>;

/** Throws `stage1-unknown`. */
export function findEngine(engines: readonly Engine[], name: string): Engine {
  const engine = engines.find((candidate) => candidate.name === name);
  if (engine !== undefined) return engine;
  const known = engines.map((candidate) => candidate.name).join(", ");
  throw new RktError("stage1-unknown", `Cannot use stage1 ${quoteText(name)}: this build has ${known} only`, {
    hint: "Leave it out, or take nspawn",
  });
}

/** A declared pod's; errors are headed by the place that says it. */
export async function stage1Of({ pod }: PodDeclaration, provide: Stage1Provider): Promise<ChosenStage1> {
  try {
    return await provide(pod.stage1);
  } catch (error) {
    const { stage1Origin: origin } = pod;
    if (!(error instanceof RktError) || origin === undefined || origin.path === "") throw error;
    throw new RktError(error.code, `${origin.path}:${origin.line}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
