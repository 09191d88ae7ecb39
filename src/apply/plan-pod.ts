import { createHash } from "node:crypto";
import type { PlanDigest, PodName } from "../base/id.ts";
import { canonicalJson } from "../base/json.ts";
import type { Engine, EnginePlan, PlanFile, PodDescription } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import { enginePaths } from "../pod/paths.ts";
import type { GenerationRecord } from "../pod/record.ts";
import { serializeRecord } from "../pod/record.ts";
import { networkFiles } from "../net/files.ts";
import type { RenderedImage } from "../image/render.ts";
import type { PodDeclaration } from "../spec/declaration.ts";
import type { StoredImage } from "../store/image.ts";
import type { UnitFile } from "../unit/unit-file.ts";
import { serializeUnitFile } from "../unit/unit-file.ts";
import { generationPlaceholder } from "./describe.ts";
import { composeDropIn } from "./drop-in.ts";
import { listedManifest } from "./listed-manifest.ts";
import { startScript, stopScript } from "./scripts.ts";
import { proxyUnits } from "./proxies.ts";
import { socketUnits } from "./sockets.ts";

/** Everything an apply will write for one pod, as data: pure, printed by --dry-run, compared by golden tests. */
export interface PodPlan {
  readonly name: PodName;
  readonly pod: PodDescription;
  readonly digest: PlanDigest;
  /** Below the generation's directory. */
  readonly files: readonly PlanFile[];
  readonly dropIn: UnitFile;
  readonly sockets: readonly { readonly unit: string; readonly file: UnitFile }[];
  /** Services that carry the sockets' connections, for a pod that does not get the sockets. */
  readonly proxies: readonly { readonly unit: string; readonly file: UnitFile }[];
  readonly record: GenerationRecord;
  /** Name that the pod will have in systemd-machined. */
  readonly machine?: string;
}

export interface PlanContext {
  readonly engine: Engine;
  readonly dirs: PodDirectories;
  /** rkt's version. */
  readonly version: string;
  /** Declared by the user, for units and scripts. */
  readonly declaration: PodDeclaration;
  /** In the order of the apps. */
  readonly images: readonly RenderedImage[];
}

/** Set where a package of another format is made, for tests of upgrades. */
declare const RKT_PLAN_FORMAT: number;

/** Version of a generation's layout on disk. */
export const planFormat: number = typeof RKT_PLAN_FORMAT === "number" ? RKT_PLAN_FORMAT : 1;

/**
 * Plans one pod. The digest names the generation and stands in the paths of the plan itself: it is taken over the plan with a
 * placeholder in its place, so that equal pods have equal digests.
 */
export function planPod(pod: PodDescription, context: PlanContext): PodPlan {
  const draft = assemble(pod, context, generationPlaceholder);
  const digest = createHash("sha256")
    .update(canonicalJson(digestable(draft)))
    .digest("hex") as PlanDigest;
  const paths = enginePaths(context.dirs, pod, digest);
  return { ...assemble({ ...pod, paths }, context, digest), digest };
}

function assemble(pod: PodDescription, context: PlanContext, generation: string): Omit<PodPlan, "digest"> {
  const { declaration, engine } = context;
  const plan: EnginePlan = engine.plan(pod);
  const comments = ownerComments(declaration);
  const { name } = declaration;
  const { proxied = [] } = plan;
  const sockets = socketUnits({ name, sockets: pod.sockets, declared: declaration.sockets, proxied: proxied.length > 0, comments });
  const socketNames = sockets.map(({ unit }) => unit);
  const proxies = proxyUnits({ name, sockets: socketNames, proxied, comments });
  const dropIn = composeDropIn({ declaration, pod, plan, dirs: context.dirs, sockets: socketNames, comments });
  const record = recordOf(pod, context, { plan, sockets: socketNames, proxies: proxies.map(({ unit }) => unit) });
  const text = (path: string, content: string, mode = 0o640): PlanFile => ({ kind: "file", path, mode, content });
  return {
    name: declaration.name,
    pod,
    dropIn,
    sockets,
    proxies,
    record,
    ...(plan.machine === undefined ? {} : { machine: plan.machine.name }),
    files: [
      // An environment may hold secrets: lists are made from the other one.
      text("pod", `${JSON.stringify(pod.manifest, undefined, "\t")}\n`, 0o600),
      text("listed", `${JSON.stringify(listedManifest(pod.manifest), undefined, "\t")}\n`),
      text("plan.json", serializeRecord(record)),
      text("start", startScript({ pod, dirs: context.dirs, generation, name: declaration.name, plan }), 0o750),
      text("stop", stopScript({ pod, dirs: context.dirs, plan, sockets: socketNames, proxies: proxies.map(({ unit }) => unit) }), 0o750),
      text("dropin.conf", serializeUnitFile(dropIn)),
      ...netFiles(pod, plan),
      { kind: "directory", path: "units", mode: 0o2750 },
      ...[...sockets, ...proxies].map((socket) => text(`units/${socket.unit}`, serializeUnitFile(socket.file))),
      ...plan.files,
    ],
  };
}

export function netFiles({ network }: PodDescription, { taps }: Pick<EnginePlan, "taps">): PlanFile[] {
  if (network.kind !== "namespace") return [];
  const files = [...networkFiles(network, taps)].map(([name, content]): PlanFile => ({
    kind: "file",
    path: `net/${name}`,
    mode: 0o640,
    content,
  }));
  return [{ kind: "directory", path: "net", mode: 0o2750 }, ...files];
}

/** The version of rkt is no part of what a pod is: an upgrade alone leaves every generation as it is. */
function digestable(draft: Omit<PodPlan, "digest">): unknown {
  const { version: _version, ...record } = draft.record;
  return {
    format: planFormat,
    record,
    files: draft.files.filter((file) => file.path !== "plan.json"),
    dropIn: serializeUnitFile(draft.dropIn),
  };
}

export interface RecordInput {
  readonly plan: Pick<EnginePlan, "liveness">;
  /** Units of the pod's sockets. */
  readonly sockets: readonly string[];
  readonly proxies?: readonly string[];
}

export function recordOf(
  pod: PodDescription,
  context: Omit<PlanContext, "declaration">,
  { plan, sockets, proxies = [] }: RecordInput,
): GenerationRecord {
  return {
    format: planFormat,
    version: context.version,
    engine: context.engine.name,
    ...(plan.liveness === undefined ? {} : { liveness: plan.liveness }),
    images: pod.apps.flatMap((app, index) => (context.images[index]?.images ?? []).map((image) => imageRecord(app.name, image))),
    ...stage1Of(pod),
    layers: [...new Set([...pod.apps.flatMap((app) => app.layers), ...(pod.stage1 === undefined ? [] : [pod.stage1.root])])],
    ...machineFilesOf(pod),
    ...faultsOf(pod),
    ...(pod.copyTrees === true ? { copyTrees: true } : {}),
    appLayers: Object.fromEntries(pod.apps.map((app) => [app.name, app.layers])),
    sockets,
    ...(pod.sockets.length === 0 || pod.name === undefined
      ? {}
      : { listening: pod.sockets.map(({ name, listen, options }) => ({ name, listen, options })) }),
    ...(proxies.length === 0 ? {} : { proxies }),
    networks: networkNames(pod.network),
    ...(pod.network.kind === "namespace" ? { network: pod.network } : {}),
  };
}

function networkNames(network: PodDescription["network"]): string[] {
  if (network.kind !== "namespace") return network.kind === "host" ? ["host"] : [];
  return network.interfaces.map((item) => `${item.network}:ip4=${item.addresses.find(({ family }) => family === "ip4")?.address ?? ""}`);
}

function imageRecord(app: string, image: StoredImage): GenerationRecord["images"][number] {
  const version = image.labels.find((label) => label.name === "version")?.value;
  return { app, id: image.id, name: image.name, ...(version === undefined ? {} : { version }) };
}

function stage1Of({ stage1 }: PodDescription): Pick<GenerationRecord, "stage1"> {
  if (stage1 === undefined) return {};
  const { root: _root, ...image } = stage1;
  return { stage1: image };
}

function ownerComments(declaration: PodDeclaration): string[] {
  const [main = "", ...dropIns] = declaration.paths;
  return [
    `Made by "rkt pod apply ${declaration.name}" from ${main}${dropIns.length === 0 ? "" : ` and ${dropIns.join(", ")}`}.`,
    "Edit that file and apply again; changes here are lost.",
  ];
}

function machineFilesOf({ virtualMachine }: PodDescription): Pick<GenerationRecord, "machineFiles"> {
  if (virtualMachine === undefined) return {};
  const { kernel, initrd, system, disks } = virtualMachine;
  return { machineFiles: [...new Set([kernel, initrd, system, ...Object.values(disks)])].toSorted() };
}

function faultsOf(pod: PodDescription): Pick<GenerationRecord, "faults"> {
  const faults = pod.apps.flatMap(({ name, fault }) => (fault === undefined ? [] : [[name, fault] as const]));
  return faults.length === 0 ? {} : { faults: Object.fromEntries(faults) };
}
