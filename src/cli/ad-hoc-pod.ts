import { dirname, resolve } from "node:path";
import type { AdHocPlan } from "../apply/plan-ad-hoc.ts";
import { discardAdHoc, judgeAdHoc, prepareAdHoc, writeAdHoc } from "../apply/ad-hoc-pod.ts";
import type { ApplyContext } from "../apply/context.ts";
import { explainFull } from "../apply/explain-full.ts";
import type { ChosenStage1 } from "../apply/stage1.ts";
import { diskFull } from "../base/disk-full.ts";
import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Uuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { RenderedImage } from "../image/render.ts";
import { createAdHoc } from "../pod/ad-hoc.ts";
import type { ConsoleDescription } from "../pod/engine.ts";
import { adHocDirectory } from "../pod/paths.ts";
import type { AppSection } from "../spec/appc.ts";
import { refuseUnsupported } from "../spec/unsupported.ts";
import { declareRequest, withoutPlace } from "./ad-hoc/declare.ts";
import type { RunRequest } from "./ad-hoc/request.ts";
import type { Context } from "./context.ts";
import { makeStage1Provider } from "./stage1-provider.ts";
import { provideRunImage } from "./run-image.ts";
import { whileStarting } from "./while-starting.ts";

export interface AdHocWish {
  readonly uuid: Uuid;
  readonly request: RunRequest;
  readonly launcher: number;
  readonly console?: ConsoleDescription;
  /** Names of the credentials of the unit that the pod becomes the main process of: all apps get them. */
  readonly credentials?: readonly string[];
  /** Gets the UUID as soon as the pod has a directory. */
  readonly uuidFileSave?: string;
}

export interface MadeAdHoc {
  readonly plan: AdHocPlan;
  /** Gives the locks back: the pod's, and the store's, under which nobody takes its images away. */
  release(): void;
}

/** A new pod in phase `prepare`, whole. What goes wrong leaves nothing of it. */
export async function makeAdHoc(context: Context, apply: ApplyContext, wish: AdHocWish): Promise<MadeAdHoc> {
  try {
    return await makeWhole(context, apply, wish);
  } catch (error) {
    throw explainFull(error, `Cannot make pod ${quoteText(wish.uuid)}`, apply.dirs);
  }
}

async function makeWhole(context: Context, apply: ApplyContext, wish: AdHocWish): Promise<MadeAdHoc> {
  const { host, dirs } = apply;
  const { uuid, request } = wish;
  const store = apply.store.tryLock({ shared: true });
  const lock = createAdHoc(host, dirs, uuid);
  const release = (): void => {
    lock.release();
    store?.release();
  };
  try {
    if (wish.uuidFileSave !== undefined) saveUuid(host, wish.uuidFileSave, uuid);
    const provideStage1 = makeStage1Provider(context, apply, new Set(request.insecure));
    const stage1 = await whileStarting(host, wish.launcher, () => provideStage1(request.pod.stage1));
    const images = await whileStarting(host, wish.launcher, () => provideImages(context, apply, request));
    const plan = planRequest(apply, { ...wish, images, stage1 });
    const stored = { format: 1, request: pinStage1(request, stage1), images: images.map((rendered) => rendered.image.id) };
    // An environment may hold secrets.
    host.files.write(`${adHocDirectory(dirs, "prepare", uuid)}/request`, `${JSON.stringify(stored)}\n`, { mode: 0o600 });
    writeAdHoc(host, dirs, "prepare", plan);
    await judgeAdHoc(apply, plan, isInsecure(request));
    return { plan, release };
  } catch (error) {
    discardAdHoc(host, dirs, uuid);
    release();
    throw error;
  }
}

const whyNotSaved: Readonly<Record<string, string>> = {
  ENOENT: "its directory is missing",
  ENOTDIR: "what should be its directory is a file",
  EISDIR: "it is a directory",
  EROFS: "its file system is read-only",
};

/** Where that is has nothing to do with where pods are. */
function saveUuid(host: Host, file: string, uuid: Uuid): void {
  try {
    host.files.write(file, `${uuid}\n`, { mode: 0o644 });
  } catch (error) {
    const failed = `Cannot write the UUID of the pod to ${quoteText(file)}`;
    const directory = dirname(resolve(file));
    const full = diskFull(error, failed, { place: directory });
    if (full !== undefined) throw full;
    throw new RktError("uuid-file-save", `${failed}: ${whyNotSaved[errno(error) ?? ""] ?? messageOf(error)}`, {
      hint: `Name a file in a directory that is there with "--uuid-file-save"`,
      cause: error,
    });
  }
}

/** The very image, whatever its name or path will lead to. */
function pinStage1(request: RunRequest, { image }: ChosenStage1): RunRequest {
  return image === undefined ? request : { ...request, pod: { ...request.pod, stage1: image.image.id } };
}

/** The plan of a request whose images are there. */
export function planRequest(
  apply: ApplyContext,
  {
    uuid,
    request,
    images,
    stage1,
    console,
    credentials = [],
  }: Pick<AdHocWish, "uuid" | "request" | "console" | "credentials"> & {
    readonly images: readonly RenderedImage[];
    readonly stage1: ChosenStage1;
  },
): AdHocPlan {
  const meant = images.map((rendered, index) => withSection(rendered, request.apps[index]?.section));
  const declared = declareRequest(
    request,
    meant.map(({ image }) => ({ name: image.name, manifest: image.manifest })),
  );
  const declaration = { ...declared, apps: declared.apps.map((app) => ({ ...app, credentials })) };
  return withoutPlace(() => {
    const [problem] = refuseUnsupported(declaration);
    if (problem !== undefined) throw problem;
    return prepareAdHoc(apply, {
      uuid,
      declaration,
      images: meant,
      stage1,
      copyTrees: !request.overlay,
      ...(console === undefined ? {} : { console }),
    });
  });
}

/** A pod manifest's app section stands for the image's. */
function withSection(rendered: RenderedImage, section: AppSection | undefined): RenderedImage {
  if (section === undefined) return rendered;
  const { image } = rendered;
  return { ...rendered, image: { ...image, manifest: { ...image.manifest, app: section } } };
}

/** What is known before the start. */
export function faultLines({ apps, virtualMachine }: AdHocPlan["pod"]): string[] {
  const faults = apps.flatMap(({ name, fault }) => (fault === undefined ? [] : [`App ${quoteText(name)} will not start: ${fault}`]));
  return [...faults, ...(virtualMachine?.warnings ?? [])];
}

export function isInsecure(request: RunRequest): boolean {
  return request.insecure.includes("image");
}

async function provideImages(context: Context, apply: ApplyContext, request: RunRequest): Promise<RenderedImage[]> {
  const images: RenderedImage[] = [];
  for (const app of request.apps) images.push(await provideRunImage(context, apply, app, new Set(request.insecure)));
  return images;
}
