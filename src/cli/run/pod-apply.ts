import { withApplyLock } from "../../apply/apply-lock.ts";
import type { AppliedPod } from "../../apply/apply-pod.ts";
import type { ApplyResult } from "../../apply/apply-pods.ts";
import { applyPods, planPods, type PlannedPods, readDeclaration } from "../../apply/apply-pods.ts";
import type { ApplyContext } from "../../apply/context.ts";
import { formatPlan } from "../../apply/format-plan.ts";
import { isActive } from "../../apply/withdraw.ts";
import { RktError } from "../../base/error.ts";
import type { DeclarationSource } from "../../config/load-declarations.ts";
import type { AppDeclaration } from "../../spec/declaration.ts";
import { queueEvent } from "../../journal/events.ts";
import { readGeneration, readNamedPod, readStartedRun } from "../../pod/named.ts";
import type { GenerationRecord } from "../../pod/record.ts";
import { serviceUnitOf } from "../../pod/paths.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { reportDecisions } from "../decisions.ts";
import { declarationsOf } from "../declarations.ts";
import { makeImageProvider } from "../image-provider.ts";
import type { OptionValues } from "../options.ts";
import { makeStage1Provider } from "../stage1-provider.ts";
import { reportProblems, reportWarnings } from "../problems.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  return await withApplyContext(context, async (apply) => {
    const provideImage = makeImageProvider(context, apply, options.text("pull"));
    const provideStage1 = makeStage1Provider(context, apply);
    const how = { provideImage, provideStage1, all: args.length === 0, prune: options.flag("prune") };
    if (options.flag("dry-run")) return reportPlans(context, await planPods(apply, declarationsOf(context, args), how));
    await provideImage.fetch(declaredApps(declarationsOf(context, args).declarations));
    return await withApplyLock(apply, async () => {
      const found = declarationsOf(context, args);
      const result = await applyPods(apply, found, how);
      return await report(context, apply, result);
    });
  });
}

/** Of what can be read. */
function declaredApps(sources: readonly DeclarationSource[]): AppDeclaration[] {
  return sources.flatMap((source) => {
    try {
      return [...readDeclaration(source).apps];
    } catch (error) {
      if (!(error instanceof RktError)) throw error;
      return [];
    }
  });
}

function reportPlans(context: Context, { plans, withdrawn, kept, failures, warnings }: PlannedPods): number {
  reportWarnings(context, warnings);
  context.stdout.write(plans.map(formatPlan).join("\n"));
  for (const { name } of withdrawn) context.stdout.write(`${name}: not declared any more, would be un-applied\n`);
  for (const { pod, reason } of kept) context.stderr.write(`${pod.name}: not declared any more, would stay applied: ${reason}\n`);
  for (const { errors } of failures) reportProblems(context, errors);
  return failures.length > 0 ? 254 : 0;
}

async function report(context: Context, apply: ApplyContext, result: ApplyResult): Promise<number> {
  reportWarnings(context, result.warnings);
  for (const pod of result.applied) await reportApplied(context, apply, pod);
  for (const pod of result.withdrawn) {
    context.stdout.write(`${pod.name}: not declared any more, un-applied; its data and UUID ${pod.uuid} are kept\n`);
    context.stdout.write(`  remove them with: rkt pod rm ${pod.name}\n`);
    queueEvent({ name: "unapplied", podUuid: pod.uuid, podName: pod.name, text: `Un-applied pod ${pod.name}` });
  }
  for (const { pod, reason } of result.kept) context.stderr.write(`${pod.name}: not declared any more, but still applied: ${reason}\n`);
  for (const { errors } of result.failures) reportProblems(context, errors);
  reportDecisions(context, result.decisions);
  const refused = result.decisions.some(
    ({ pod, refusal }) => refusal !== undefined && result.applied.some((one) => one.plan.pod.uuid === pod.uuid),
  );
  return result.failures.length > 0 || refused ? 254 : 0;
}

async function reportApplied(context: Context, apply: ApplyContext, { plan, change, before }: AppliedPod): Promise<void> {
  const pod = readNamedPod(context.host, apply.dirs, plan.pod.uuid);
  const active = pod !== undefined && (await isActive(apply, pod));
  const runs = pod === undefined || !active ? undefined : readStartedRun(context.host, pod)?.generation;
  const generation = plan.digest.slice(0, 12);
  if (change === "unchanged") context.stdout.write(`${plan.name}: unchanged (generation ${generation})\n`);
  else {
    const was = before === undefined ? "" : `, was ${before.slice(0, 12)}`;
    context.stdout.write(`${plan.name}: applied as rkt-${plan.pod.uuid} (generation ${generation}${was})\n`);
    queueEvent({ name: "applied", podUuid: plan.pod.uuid, podName: plan.name, text: `Applied pod ${plan.name}, generation ${generation}` });
  }
  for (const line of changedImages(context, apply, { plan, before })) context.stdout.write(`  ${line}\n`);
  const command = nextCommand(plan, active, runs);
  if (command !== undefined) context.stdout.write(`  ${command}\n`);
}

/** Where a name, a file or a URL leads to other content than it did. */
function changedImages(
  context: Context,
  apply: ApplyContext,
  { plan, before }: { plan: AppliedPod["plan"]; before: AppliedPod["before"] },
): string[] {
  if (before === undefined || before === plan.digest) return [];
  const record = readGeneration(context.host, apply.dirs, plan.pod.uuid, before);
  const known = new Map(record.images.map((image) => [`${image.app} ${image.name}`, image.id]));
  const images = plan.record.images.flatMap(({ app, name, id }) => {
    const old = known.get(`${app} ${name}`);
    return old === undefined || old === id ? [] : [`image ${name} of app ${app}: ${old.slice(0, 19)} → ${id.slice(0, 19)}`];
  });
  const [was, is] = [record, plan.record].map(stage1Of);
  return was === is ? images : [...images, `stage1: ${was} → ${is}`];
}

/** A name may mean what is part of rkt, or an image that has come into the store since. */
function stage1Of({ engine, stage1 }: GenerationRecord): string {
  return stage1 === undefined ? `${engine} of this host` : `${stage1.name} (${stage1.id.slice(0, 19)})`;
}

function nextCommand(plan: AppliedPod["plan"], active: boolean, runs: string | undefined): string | undefined {
  const unit = serviceUnitOf(plan.name);
  if (active) return runs === plan.digest ? undefined : `the pod runs an earlier generation; run this one with: systemctl restart ${unit}`;
  const [socket] = plan.sockets;
  return socket === undefined ? `run it with: systemctl start ${unit}` : `let connections start it with: systemctl start ${socket.unit}`;
}
