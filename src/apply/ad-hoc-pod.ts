import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { RenderedImage } from "../image/render.ts";
import { assertPortsFree } from "../net/ports.ts";
import { moveAdHoc } from "../pod/ad-hoc.ts";
import type { ConsoleDescription } from "../pod/engine.ts";
import type { Phase, PodDirectories } from "../pod/paths.ts";
import { adHocDirectory, lockPath } from "../pod/paths.ts";
import type { PodDeclaration } from "../spec/declaration.ts";
import { commitGeneration, writePlanFile } from "./carry-out.ts";
import type { ApplyContext } from "./context.ts";
import { describePod } from "./describe.ts";
import { checkIdMapping } from "./id-mapping.ts";
import { judgeImages } from "./judge.ts";
import type { AdHocPlan } from "./plan-ad-hoc.ts";
import { planAdHoc, withConsole } from "./plan-ad-hoc.ts";
import { releaseClaimsOf } from "./release-claims.ts";
import { runningPortOwners } from "./port-owners.ts";
import type { ChosenStage1 } from "./stage1.ts";

export interface AdHocInput {
  readonly uuid: Uuid;
  readonly declaration: PodDeclaration;
  /** In the order of the declaration's apps. */
  readonly images: readonly RenderedImage[];
  readonly stage1: ChosenStage1;
  /** Copy the trees instead of overlaying them. */
  readonly copyTrees?: boolean;
  readonly console?: ConsoleDescription;
}

/** The plan of one ad-hoc pod: changes nothing but the claims on addresses. */
export function prepareAdHoc(
  context: ApplyContext,
  { uuid, declaration, images, stage1, copyTrees = false, console }: AdHocInput,
): AdHocPlan {
  const { host, dirs, version } = context;
  const { engine, image } = stage1;
  const wanted = { uuid, dirs, images, copyTrees, engine, ...(image && { stage1: image }) };
  const described = withConsole(describePod(host, declaration, wanted), console);
  if (described.network.kind === "namespace") assertPortsFree(described.network.ports, runningPortOwners(host, dirs, uuid));
  checkIdMapping(host, described, dirs.dataDir);
  engine.check(described, host);
  const equipped = engine.equip?.(described, host, { dataDir: dirs.dataDir, dryRun: false, config: context.stage1Config }) ?? described;
  return planAdHoc(equipped, { engine, dirs, version, images });
}

/** Writes and commits the one generation of a pod that stands in `phase`: whole, or not at all. */
export function writeAdHoc(host: Host, dirs: PodDirectories, phase: Phase, plan: AdHocPlan): void {
  const directory = adHocDirectory(dirs, phase, plan.pod.uuid);
  const target = `${directory}/gen/${plan.digest}`;
  if (!host.files.exists(target)) {
    const draft = `${directory}/gen/.new-${plan.digest}`;
    host.files.removeTree(draft);
    host.files.mkdir(draft, { mode: 0o2750 });
    for (const file of plan.files) writePlanFile(host, draft, file);
    host.files.syncFileSystem(draft);
    host.files.rename(draft, target);
    host.files.sync(`${directory}/gen`);
  }
  commitGeneration(host, directory, { format: 1, generation: plan.digest, inputs: [] });
}

/** Judges the images by today's keys, right before a run. Throws the first refusal. */
export async function judgeAdHoc(context: ApplyContext, plan: AdHocPlan, insecure: boolean): Promise<void> {
  if (!insecure) await judgeImages(context, plan.record);
}

/** What is left of a pod that was refused on its way. */
export function discardAdHoc(host: Host, dirs: PodDirectories, uuid: Uuid): void {
  const directory = adHocDirectory(dirs, "prepare", uuid);
  releaseClaimsOf(host, dirs, uuid);
  host.files.removeTree(lockPath(dirs, uuid));
  if (!host.files.exists(directory)) return;
  moveAdHoc(host, dirs, uuid, ["prepare", "garbage"]);
  host.files.removeTree(adHocDirectory(dirs, "garbage", uuid));
}
