import { errno, RktError, messageOf } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { PlanDigest } from "../base/id.ts";
import { isStage1File } from "../config/stage1-images.ts";
import type { NamedPod } from "../pod/named.ts";
import { listNamedPods, readGeneration } from "../pod/named.ts";
import { verdictDirectory, verdictPath } from "../pod/paths.ts";
import type { GenerationRecord } from "../pod/record.ts";
import type { StoredImage } from "../store/image.ts";
import { judgeImage } from "../trust/judge.ts";
import type { Verdict, VerdictImage } from "../trust/verdict.ts";
import { parseVerdict, serializeVerdict } from "../trust/verdict.ts";
import type { ApplyContext } from "./context.ts";
import { watchKeys } from "./watch-keys.ts";

/** What was decided about one pod. */
export interface Decision {
  readonly pod: NamedPod;
  readonly digest: PlanDigest;
  /** undefined: it may run. */
  readonly refusal?: RktError;
  /** The decision differs from the one that stood before. */
  readonly changed: boolean;
}

/**
 * Decides anew about every applied pod, from the facts stored with its images and the keys that are trusted today, and writes
 * or takes away its verdict. Sockets of a refused pod are stopped; a pod that runs keeps running. When anything but a refusal
 * goes wrong all verdicts are taken away: nothing starts until a run succeeds. Only a program that an upgrade has replaced meanwhile leaves
 * them: that says nothing of images.
 */
export async function judgeAll(context: ApplyContext): Promise<Decision[]> {
  const { host, dirs } = context;
  try {
    await watchKeys(context);
    const decisions: Decision[] = [];
    // A pod whose record cannot be read gets no verdict; the others are no worse for it.
    const pods = listNamedPods(host, dirs, (error) => context.say(messageOf(error)));
    for (const pod of pods) {
      if (pod.commit.generation !== undefined) decisions.push(await judgePod(context, pod, pod.commit.generation));
    }
    removeStrangers(context, pods);
    return decisions;
  } catch (error) {
    if (isPartGone(error)) throw programGone(error);
    host.files.removeTree(`${dirs.runDir}/verdicts`);
    throw new RktError("judge-failed", `Cannot decide which pods may run, so none may start: ${messageOf(error)}`, {
      cause: error,
      hint: `Repair that and run "systemctl start rkt-verdicts.service"`,
    });
  }
}

/** Of what is loaded when it is needed. */
function isPartGone(error: unknown): boolean {
  return ["ERR_MODULE_NOT_FOUND", "MODULE_NOT_FOUND"].includes(errno(error) ?? "");
}

/** The status of a program that cannot be executed: rkt-verdicts.service is tried again then, with the new one, and keeps the verdicts. */
function programGone(error: unknown): RktError {
  return new RktError("program-gone", "Cannot decide which pods may run: a part of rkt is missing, as while it is upgraded", {
    cause: error,
    hint: `Run "systemctl start rkt-verdicts.service"`,
    exitCode: 127,
  });
}

/** Decides about one generation of a pod; see `judgeAll`. */
export async function judgePod(context: ApplyContext, pod: NamedPod, digest: PlanDigest): Promise<Decision> {
  const { host, dirs } = context;
  const path = verdictPath(dirs, pod.uuid, digest);
  const before = host.files.exists(path);
  try {
    const record = readGeneration(host, dirs, pod.uuid, digest);
    const images = await judgeImages(context, record);
    const decidedAt = host.clock.now();
    writeVerdict(context, { format: 1, uuid: pod.uuid, pod: pod.name, plan: digest, images, decidedAt, policy: "trusted-keys" });
    return { pod, digest, changed: !before };
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    const known = host.files.tryReadText(`${verdictDirectory(dirs, pod.uuid)}/refused`);
    const refusal = new RktError("pod-refused", `Cannot start pod ${quoteText(pod.name)}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
    refuse(context, pod, refusal);
    await stopSockets(context, pod, digest);
    return { pod, digest, refusal, changed: before || known === undefined };
  }
}

/** May these images run, by today's keys? Throws the first refusal, which names the image. */
export async function judgeImages(context: ApplyContext, record: Pick<GenerationRecord, "images" | "stage1">): Promise<VerdictImage[]> {
  const stored = new Map<string, StoredImage>(context.store.images().map((image) => [image.id, image]));
  const find = ({ id, name }: Pick<GenerationRecord["images"][number], "id" | "name">): StoredImage => {
    const image = stored.get(id);
    if (image !== undefined) return image;
    throw new RktError("image-gone", `image ${quoteText(name)} (${id.slice(0, 19)}) is not in the store any more`, {
      hint: `"rkt pod apply" fetches it again`,
    });
  };
  const verdicts: VerdictImage[] = [];
  for (const image of record.images) verdicts.push(await judgeStored(context, find(image)));
  if (record.stage1 !== undefined) verdicts.push(await judgeStage1(context, find(record.stage1)));
  return verdicts;
}

/** The same for an image of stage1: where root put its file into their directory it needs no signature, as long as the file is there. */
export async function judgeStage1(context: ApplyContext, image: StoredImage): Promise<VerdictImage> {
  const { stage1File: file, id, name } = image;
  if (file === undefined) return judgeStored(context, image);
  if (isStage1File(context.host, context.paths, file)) return { id, name, file };
  if (image.signatures.length > 0) return judgeStored(context, image);
  throw new RktError(
    "image-refused",
    `image ${quoteText(name)} may not run: it has no signature, and its file ${quoteText(file)} is not in the directory of stage1's images any more`,
    { hint: "Put the file back, or fetch the image with a good signature" },
  );
}

/** Throws `image-refused` when the image may not run. */
export async function judgeStored(context: ApplyContext, image: StoredImage): Promise<VerdictImage> {
  const judgement = judgeImage(image, await context.keystore.factsFor(image.name), context.host.clock.now());
  if (!judgement.ok) throw new RktError("image-refused", judgement.reason, { hint: judgement.hint });
  return { id: image.id, name: image.name, fingerprint: judgement.fingerprint };
}

/** A decision that stands already keeps its file and its time. */
function writeVerdict(context: ApplyContext, verdict: Verdict): void {
  const { files } = context.host;
  const { uuid, plan: digest } = verdict;
  const directory = verdictDirectory(context.dirs, uuid);
  const path = verdictPath(context.dirs, uuid, digest);
  files.mkdir(directory, { recursive: true, mode: 0o755 });
  if (!isSameDecision(files.tryReadText(path), verdict)) files.writeAtomic(path, serializeVerdict(verdict), { mode: 0o644 });
  for (const entry of files.list(directory)) if (entry !== digest) files.removeTree(`${directory}/${entry}`);
}

function isSameDecision(text: string | undefined, verdict: Verdict): boolean {
  if (text === undefined) return false;
  try {
    return text === serializeVerdict({ ...verdict, decidedAt: parseVerdict(text).decidedAt });
  } catch {
    // Whatever else stands there is replaced.
    return false;
  }
}

function refuse(context: ApplyContext, pod: NamedPod, refusal: RktError): void {
  const { files } = context.host;
  const directory = verdictDirectory(context.dirs, pod.uuid);
  files.mkdir(directory, { recursive: true, mode: 0o755 });
  for (const entry of files.list(directory)) if (entry !== "refused") files.removeTree(`${directory}/${entry}`);
  const hint = refusal.hint === undefined ? "" : ` (${refusal.hint})`;
  files.writeAtomic(`${directory}/refused`, `${`${refusal.message}${hint}`.replaceAll("\n", " ")}\n`, { mode: 0o644 });
}

async function stopSockets(context: ApplyContext, pod: NamedPod, digest: PlanDigest): Promise<void> {
  const { manager } = context;
  if (manager === undefined) return;
  let sockets: readonly string[] = [];
  try {
    sockets = readGeneration(context.host, context.dirs, pod.uuid, digest).sockets;
  } catch {
    // The record is what could not be read: the pod is refused for it, and its sockets' names are not known.
  }
  for (const socket of sockets) {
    const { activeState } = await manager.unitState(socket);
    if (activeState !== "inactive" && activeState !== "failed") await manager.stopUnit(socket);
  }
}

/** Verdicts on pods that are not applied any more. */
function removeStrangers(context: ApplyContext, pods: readonly NamedPod[]): void {
  const { files } = context.host;
  const applied = new Set<string>(pods.filter((pod) => pod.commit.generation !== undefined).map((pod) => pod.uuid));
  const directory = `${context.dirs.runDir}/verdicts`;
  for (const entry of files.tryList(directory)) if (!applied.has(entry)) files.removeTree(`${directory}/${entry}`);
}
