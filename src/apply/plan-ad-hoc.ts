import { createHash } from "node:crypto";
import type { PlanDigest } from "../base/id.ts";
import { canonicalJson } from "../base/json.ts";
import type { ConsoleDescription, PlanFile, PodDescription } from "../pod/engine.ts";
import { enginePaths } from "../pod/paths.ts";
import type { GenerationRecord } from "../pod/record.ts";
import { serializeRecord } from "../pod/record.ts";
import { generationPlaceholder } from "./describe.ts";
import { enclosedFiles } from "./enclosed.ts";
import { listedManifest } from "./listed-manifest.ts";
import type { PlanContext } from "./plan-pod.ts";
import { netFiles, recordOf } from "./plan-pod.ts";
import { cleanScript, launchScript, waitScript } from "./run-scripts.ts";
import { startScript, stopScript } from "./scripts.ts";

/** Everything that a run of an ad-hoc pod will write: its one generation. */
export interface AdHocPlan {
  readonly pod: PodDescription;
  readonly digest: PlanDigest;
  readonly files: readonly PlanFile[];
  readonly record: GenerationRecord;
  /** Its unit has a drop-in (`enclosedFiles`). */
  readonly enclosed: boolean;
}

export type AdHocContext = Omit<PlanContext, "declaration">;

/** Pure. The digest stands in the plan's own paths, so it is taken with a placeholder in its place. */
export function planAdHoc(pod: PodDescription, context: AdHocContext): AdHocPlan {
  const draft = assemble(pod, context, generationPlaceholder);
  const digest = createHash("sha256").update(canonicalJson(draft.files)).digest("hex") as PlanDigest;
  return { ...assemble({ ...pod, paths: enginePaths(context.dirs, pod, digest) }, context, digest), digest };
}

/** Where an app's bytes go besides the journal decides what its standard streams are. */
export function withConsole(pod: PodDescription, console: ConsoleDescription | undefined): PodDescription {
  if (console === undefined) return pod;
  const output = console.kind === "terminal" && console.interactive ? "journal" : "pipe";
  return { ...pod, console, apps: pod.apps.map((app) => ({ ...app, output })) };
}

function assemble(pod: PodDescription, context: AdHocContext, generation: string): Omit<AdHocPlan, "digest"> {
  const { dirs, engine } = context;
  const plan = engine.plan(pod);
  const record = recordOf(pod, context, { plan, sockets: [] });
  const text = (path: string, content: string, mode = 0o640): PlanFile => ({ kind: "file", path, mode, content });
  return {
    pod,
    record,
    enclosed: plan.alone !== undefined,
    files: [
      text("pod", `${JSON.stringify(pod.manifest, undefined, "\t")}\n`, 0o600),
      text("listed", `${JSON.stringify(listedManifest(pod.manifest), undefined, "\t")}\n`),
      text("plan.json", serializeRecord(record)),
      text("start", startScript({ pod, dirs, generation, plan }), 0o750),
      text("stop", stopScript({ pod, dirs, plan, sockets: [] }), 0o750),
      text("launch", launchScript({ pod, dirs, plan }), 0o750),
      text("clean", cleanScript({ pod, dirs, plan }), 0o750),
      text("wait", waitScript({ pod, dirs, plan }), 0o750),
      ...enclosedFiles(pod, plan, dirs),
      ...netFiles(pod, plan),
      ...plan.files,
    ],
  };
}
