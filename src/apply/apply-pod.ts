import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { PlanDigest, Uuid } from "../base/id.ts";
import { machineIdOf } from "../base/id.ts";
import type { RenderedImage } from "../image/render.ts";
import type { NamedPod } from "../pod/named.ts";
import { listNamedPods } from "../pod/named.ts";
import { podDirectory } from "../pod/paths.ts";
import type { PodDeclaration } from "../spec/declaration.ts";
import { commitGeneration, createPodDirectory, makeUuid, nextCommit, writeGeneration } from "./carry-out.ts";
import type { ApplyContext } from "./context.ts";
import { describePod } from "./describe.ts";
import { isGone } from "./gone.ts";
import { readInputs } from "./inputs.ts";
import type { PodPlan } from "./plan-pod.ts";
import { planPod } from "./plan-pod.ts";
import { checkIdMapping } from "./id-mapping.ts";
import { releaseClaimsOf } from "./release-claims.ts";
import { assertListenersFree } from "./port-owners.ts";
import { stage1Of, type Stage1Provider } from "./stage1.ts";

/** How an app's image gets here: found or fetched, verified, judged by today's keys, rendered. */
export type ImageProvider = (app: PodDeclaration["apps"][number]) => Promise<RenderedImage>;

export interface AppliedPod {
  readonly plan: PodPlan;
  readonly change: "new" | "changed" | "unchanged";
  /** Generation that stood before. */
  readonly before?: PlanDigest;
}

export interface Providers {
  readonly provideImage: ImageProvider;
  readonly provideStage1: Stage1Provider;
}

export interface PreparePlanOptions extends Providers {
  /** Nothing is claimed for the pod: the plan is only shown. */
  readonly dryRun?: boolean;
}

/** The plan of one declared pod: changes nothing but the store and the claims on addresses. */
export async function preparePlan(
  context: ApplyContext,
  declaration: PodDeclaration,
  { provideImage, provideStage1, dryRun = false }: PreparePlanOptions,
): Promise<PodPlan> {
  const { engine, image: stage1 } = await stage1Of(declaration, provideStage1);
  const images: RenderedImage[] = [];
  for (const app of declaration.apps) images.push(await provideImage(app));
  const uuid = chooseUuid(context, declaration);
  try {
    const { name } = declaration;
    const pod = describePod(context.host, declaration, {
      uuid,
      name,
      dirs: context.dirs,
      images,
      dryRun,
      engine,
      ...(stage1 && { stage1 }),
    });
    assertListenersFree(context.host, context.dirs, pod);
    checkIdMapping(context.host, pod, context.dirs.dataDir);
    engine.check(pod, context.host);
    const equipped = engine.equip?.(pod, context.host, { dataDir: context.dirs.dataDir, dryRun, config: context.stage1Config }) ?? pod;
    return planPod(equipped, { engine, dirs: context.dirs, version: context.version, declaration, images });
  } catch (error) {
    // A pod that does not come to be keeps nothing; one that is there keeps what it has.
    if (findNamed(context, declaration) === undefined) releaseClaimsOf(context.host, context.dirs, uuid);
    throw error;
  }
}

/** Writes the generation and commits it: SIGKILL at any point leaves the old or the new one whole. */
export function commitPlan(context: ApplyContext, declaration: PodDeclaration, plan: PodPlan): AppliedPod {
  const { host, dirs } = context;
  const { uuid } = plan.pod;
  const pod = findNamed(context, declaration);
  if (pod === undefined) createPodDirectory(host, dirs, declaration.name, uuid);
  writeGeneration(host, dirs, plan);
  const current = pod?.commit ?? { format: 1, inputs: [] };
  const record = nextCommit(current, plan, readInputs(host, declaration));
  if (record !== undefined) commitGeneration(host, podDirectory(dirs, uuid), record);
  const before = current.generation;
  const change = before === plan.digest ? "unchanged" : before === undefined ? "new" : "changed";
  return { plan, change, ...(before === undefined ? {} : { before }) };
}

export function findNamed(context: ApplyContext, declaration: Pick<PodDeclaration, "name">): NamedPod | undefined {
  return listNamedPods(context.host, context.dirs).find((pod) => pod.name === declaration.name);
}

/** The UUID is made once and kept; UUID= pins it, and must not be another machine's. */
function chooseUuid(context: ApplyContext, declaration: PodDeclaration): Uuid {
  const known = findNamed(context, declaration)?.uuid;
  const wanted = declaration.pod.uuid;
  if (wanted === undefined) return known ?? makeUuid();
  if (wanted === known) return wanted;
  const origin = declaration.pod.uuidOrigin;
  const where = `${origin?.path ?? declaration.name}:${origin?.line ?? 0}: Cannot use UUID ${quoteText(wanted)}`;
  const reason = known === undefined ? ownerOf(context, wanted) : `pod ${quoteText(declaration.name)} already has ${known}`;
  if (reason === undefined) return wanted;
  throw new RktError("uuid-taken", `${where}: ${reason}`, {
    hint: known === undefined ? "Choose another one" : `"rkt pod rm ${declaration.name}" removes the pod with its UUID`,
  });
}

function ownerOf(context: ApplyContext, uuid: Uuid): string | undefined {
  const { files } = context.host;
  const machine = machineIdOf(uuid);
  if (files.tryReadText("/etc/machine-id")?.trim() === machine) return "it is this host's machine id";
  const other = listNamedPods(context.host, context.dirs).find((pod) => pod.uuid === uuid);
  if (other !== undefined) return `pod ${quoteText(other.name)} has it`;
  // A pod that comes back goes on in its journal.
  if (isGone(context.host, context.dirs, uuid)) return undefined;
  const journal = ["/var/log/journal", "/run/log/journal"].find((directory) => files.exists(`${directory}/${machine}`));
  return journal === undefined ? undefined : `${journal} holds the journal of another machine with this id`;
}
