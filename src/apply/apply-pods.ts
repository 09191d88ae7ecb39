import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { PodName } from "../base/id.ts";
import { once } from "../base/once.ts";
import type { DeclarationSource, FoundDeclarations } from "../config/load-declarations.ts";
import { dropsForwarded } from "../net/firewall.ts";
import type { NamedPod } from "../pod/named.ts";
import { listNamedPods } from "../pod/named.ts";
import type { PodDeclaration, Warning } from "../spec/declaration.ts";
import { readDeclarationText } from "../spec/parse-declaration.ts";
import { refuseUnsupported } from "../spec/unsupported.ts";
import type { AppliedPod, Providers } from "./apply-pod.ts";
import { commitPlan, preparePlan } from "./apply-pod.ts";
import type { ApplyContext } from "./context.ts";
import type { Decision } from "./judge.ts";
import { explainFull } from "./explain-full.ts";
import { finishChanges } from "./finish.ts";
import { imagePowers } from "./image-powers.ts";
import { assertMachineNameFree } from "./machine-name.ts";
import { machineWarnings } from "./machine-warnings.ts";
import { networkWarnings } from "./network-warnings.ts";
import type { PodPlan } from "./plan-pod.ts";
import { portWarnings } from "./port-owners.ts";
import { stateWarnings } from "./state-warnings.ts";
import { callWarnings, knownCalls } from "./system-calls.ts";
import { sweepPods } from "./sweep.ts";
import { isActive, withdrawPod } from "./withdraw.ts";

export interface ApplyOptions extends Providers {
  /** Every declared pod was asked for: pods that are no longer declared are un-applied. */
  readonly all: boolean;
  /** Un-apply also where no declaration is left at all. */
  readonly prune: boolean;
}

export interface ApplyResult {
  readonly applied: readonly AppliedPod[];
  readonly withdrawn: readonly NamedPod[];
  /** Not declared any more, but kept, and why. */
  readonly kept: readonly { readonly pod: NamedPod; readonly reason: string }[];
  readonly failures: readonly { readonly name: string; readonly errors: readonly RktError[] }[];
  readonly warnings: PodDeclaration["warnings"];
  readonly decisions: readonly Decision[];
}

/** Applies what was declared; a pod that has errors keeps the generation it has, and does not stop the others. Needs the apply lock. */
export async function applyPods(context: ApplyContext, found: FoundDeclarations, options: ApplyOptions): Promise<ApplyResult> {
  await finishChanges(context);
  const failures: { name: string; errors: RktError[] }[] = [...found.problems.map(({ name, error }) => ({ name, errors: [error] }))];
  const applied: AppliedPod[] = [];
  const warnings: Warning[] = [];
  const findWarnings = warningsOn(context);
  for (const source of found.declarations) {
    try {
      const declaration = readDeclaration(source);
      const pod = await applyPod(context, declaration, options);
      applied.push(pod);
      warnings.push(...findWarnings(declaration, pod.plan));
    } catch (error) {
      const explained = explainFull(error, `Cannot apply pod ${quoteText(source.name)}`, context.dirs);
      failures.push({ name: source.name, errors: errorsOf(explained) });
    }
  }
  const stale = options.all
    ? await endUndeclared(context, found, { prune: options.prune, withdraw: (pod) => withdrawPod(context, pod) })
    : { withdrawn: [], kept: [] };
  const decisions = await finishChanges(context);
  sweepPods(context.host, context.dirs, (error) => context.say(error.message));
  return { applied, ...stale, failures, warnings, decisions };
}

/** Nobody takes an image or tree out of the store before the generation that needs it is committed. */
async function applyPod(
  context: ApplyContext,
  declaration: PodDeclaration,
  { provideImage, provideStage1 }: Providers,
): Promise<AppliedPod> {
  const lock = context.store.tryLock({ shared: true });
  try {
    const plan = await preparePlan(context, declaration, { provideImage, provideStage1 });
    await assertMachineNameFree(context, plan);
    return commitPlan(context, declaration, plan);
  } finally {
    lock?.release();
  }
}

/** What an apply would do. */
export interface PlannedPods extends Pick<ApplyResult, "withdrawn" | "kept" | "failures" | "warnings"> {
  readonly plans: readonly PodPlan[];
}

/** The plans of what was declared; nothing is changed but the store, where images are fetched to. */
export async function planPods(context: ApplyContext, found: FoundDeclarations, options: ApplyOptions): Promise<PlannedPods> {
  const plans: PodPlan[] = [];
  const failures: { name: string; errors: RktError[] }[] = found.problems.map(({ name, error }) => ({ name, errors: [error] }));
  const warnings: Warning[] = [];
  const findWarnings = warningsOn(context);
  for (const source of found.declarations) {
    try {
      const declaration = readDeclaration(source);
      const plan = await preparePlan(context, declaration, { ...options, dryRun: true });
      plans.push(plan);
      warnings.push(...findWarnings(declaration, plan));
    } catch (error) {
      failures.push({ name: source.name, errors: errorsOf(error) });
    }
  }
  const stale = options.all
    ? await endUndeclared(context, found, { prune: options.prune, withdraw: async () => {} })
    : { withdrawn: [], kept: [] };
  return { plans, ...stale, failures, warnings };
}

/** What is said of pods on this host; its firewall is asked once for all of them, and not before one has a network. */
function warningsOn({ host }: ApplyContext): (declaration: PodDeclaration, plan: PodPlan) => Warning[] {
  const firewallDrops = once(() => dropsForwarded(host));
  const known = once(() => knownCalls(host));
  return (declaration, { pod }) => [
    ...declaration.warnings,
    ...callWarnings(declaration, known),
    ...imagePowers(declaration, pod),
    ...machineWarnings(declaration, pod),
    ...networkWarnings(declaration, pod, firewallDrops),
    ...portWarnings(host, declaration, pod),
    ...stateWarnings(host, declaration, pod),
  ];
}

/** A declaration that can be applied. Throws the first problem; all of them are its `cause`. */
export function readDeclaration(source: DeclarationSource): PodDeclaration {
  const { declaration, problems } = readDeclarationText(source.name, source.files);
  const all = [...problems, ...(declaration === undefined ? [] : refuseUnsupported(declaration))];
  const [first] = all;
  if (first !== undefined)
    throw new RktError("pod-file-invalid", first.message, { cause: all, ...(first.hint === undefined ? {} : { hint: first.hint }) });
  if (declaration === undefined) throw new RktError("pod-file-invalid", `Cannot read pod "${source.name}"`);
  return declaration;
}

/** All errors that one thrown error stands for. */
export function errorsOf(error: unknown): RktError[] {
  if (!(error instanceof RktError)) {
    // What the system refuses for one pod's sake (a name that is too long, a file that cannot be read) must not stop the others.
    if (!/^E[A-Z0-9]+$/.test(errno(error) ?? "")) throw error;
    return [new RktError("pod-not-planned", messageOf(error), { cause: error })];
  }
  if (Array.isArray(error.cause) && error.cause.every((item) => item instanceof RktError)) return error.cause;
  return [error];
}

type Undeclared = Pick<ApplyResult, "withdrawn" | "kept">;

/** What becomes of pods that are not declared any more. */
async function endUndeclared(
  context: ApplyContext,
  found: FoundDeclarations,
  { prune, withdraw }: { readonly prune: boolean; readonly withdraw: (pod: NamedPod) => Promise<void> },
): Promise<Undeclared> {
  const declared = new Set<PodName>([...found.declarations.map((source) => source.name), ...found.problems.map((problem) => problem.name)]);
  const strays = listNamedPods(context.host, context.dirs).filter((pod) => pod.commit.generation !== undefined && !declared.has(pod.name));
  const withdrawn: NamedPod[] = [];
  const kept: { pod: NamedPod; reason: string }[] = [];
  for (const pod of strays) {
    if (declared.size === 0 && !prune) kept.push({ pod, reason: "no pod is declared at all; with --prune it is un-applied" });
    else if (await isActive(context, pod))
      kept.push({ pod, reason: `it runs; stop it with "systemctl stop rkt-pod@${pod.name}" and apply again` });
    else {
      await withdraw(pod);
      withdrawn.push(pod);
    }
  }
  return { withdrawn, kept };
}
