import { findForeignUnit, launchAdHoc, listCredentials } from "../../apply/launch-ad-hoc.ts";
import { judgeAdHoc, writeAdHoc } from "../../apply/ad-hoc-pod.ts";
import type { ApplyContext } from "../../apply/context.ts";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { tryUuid, type Uuid } from "../../base/id.ts";
import { renderImage, type RenderedImage } from "../../image/render.ts";
import { adHocDirectory, homeOf, lockPath, phaseDirectory } from "../../pod/paths.ts";
import { refuseTwoTerminals } from "../ad-hoc/parse.ts";
import { readRuntime, type RequestedRuntime } from "../ad-hoc/runtime.ts";
import type { RunRequest } from "../ad-hoc/request.ts";
import { faultLines, isInsecure, planRequest } from "../ad-hoc-pod.ts";
import { withApplyContext } from "../apply-context.ts";
import { makeStage1Provider } from "../stage1-provider.ts";
import { runtimeOptions } from "../ad-hoc/options.ts";
import type { Context } from "../context.ts";
import { launcherPid } from "../launcher.ts";
import type { OptionValues } from "../options.ts";
import { chooseConsole } from "./run.ts";

/** What `prepare` stored. */
interface StoredRequest {
  readonly format: 1;
  readonly request: RunRequest;
  readonly images: readonly string[];
}

/** Plans a prepared pod anew, for the network and names that are asked for now, and becomes what runs it. */
export async function run(context: Context, [text = ""]: readonly string[], options: OptionValues): Promise<number> {
  return await withApplyContext(context, async (apply) => {
    const { host, dirs } = apply;
    const uuid = findPrepared(apply, text);
    const store = apply.store.tryLock({ shared: true });
    const lock = host.locks.tryLock(lockPath(dirs, uuid), { wait: 0 });
    try {
      if (lock === undefined) throw new RktError("pod-locked", `Cannot run pod ${quoteText(uuid)}: another rkt works on it`);
      const stored = readStored(apply, uuid);
      const late = (["capabilities", "seccomp"] as const).filter(
        (word) => context.insecure.has(word) && !stored.request.insecure.includes(word),
      );
      if (late.length > 0)
        context.stderr.write(`run-prepared: --insecure-options=${late.join(",")} is for rkt prepare, and changes nothing here\n`);
      const request = withRuntime(stored.request, readRuntime(givenOf(options)), options.flag("interactive"));
      const images = await renderStored(apply, stored);
      const insecure = new Set<string>([...request.insecure, ...context.insecure]);
      const stage1 = await makeStage1Provider(context, apply, insecure)(request.pod.stage1);
      const launcher = launcherPid(host);
      const foreignUnit = await findForeignUnit(apply, launcher);
      const console = chooseConsole(context, { request, home: homeOf(dirs, { uuid }), foreign: foreignUnit !== undefined });
      const credentials = foreignUnit === undefined ? [] : listCredentials(host);
      const plan = planRequest(apply, { uuid, request, images, stage1, credentials, ...(console === undefined ? {} : { console }) });
      await judgeAdHoc(apply, plan, isInsecure(request) || context.insecure.has("image"));
      for (const line of faultLines(plan.pod)) context.stderr.write(`run-prepared: ${line}\n`);
      writeAdHoc(host, dirs, "prepared", plan);
      context.exec(await launchAdHoc(apply, plan, "prepared", { launcher, foreignUnit }));
      return 0;
    } finally {
      lock?.release();
      store?.release();
    }
  });
}

function findPrepared({ host, dirs }: ApplyContext, text: string): Uuid {
  const prefix = text.toLowerCase();
  if (prefix === "") throw new RktError("pod-empty", "Cannot find a pod: UUID cannot be empty");
  const matches = host.files.tryList(phaseDirectory(dirs, "prepared")).filter((entry) => entry.startsWith(prefix));
  const uuid = tryUuid(matches[0] ?? "");
  if (matches.length > 1)
    throw new RktError("pod-ambiguous", `Cannot find pod ${quoteText(text)}: it is ambiguous`, {
      hint: `It matches ${matches.join(", ")}`,
    });
  if (uuid !== undefined) return uuid;
  throw new RktError("pod-not-prepared", `Cannot run pod ${quoteText(text)}: no prepared pod has this UUID`, {
    hint: `"rkt list" shows the pods and their states`,
  });
}

function readStored({ host, dirs }: ApplyContext, uuid: Uuid): StoredRequest {
  const path = `${adHocDirectory(dirs, "prepared", uuid)}/request`;
  const stored = JSON.parse(host.files.readText(path)) as StoredRequest;
  if (stored.format !== 1) throw new RktError("record-invalid", `Cannot read ${quoteText(path)}: another version of rkt made it`);
  return stored;
}

function givenOf(options: OptionValues): Map<string, readonly string[]> {
  return new Map(
    runtimeOptions.filter((option) => options.given(option.name)).map((option) => [option.name, options.list(option.name)] as const),
  );
}

function withRuntime(request: RunRequest, runtime: RequestedRuntime, interactive: boolean): RunRequest {
  if (interactive && request.apps.length > 1)
    throw new RktError("usage", `Cannot run ${request.apps.length} apps with --interactive: one app can have the terminal`);
  const wanted = { ...request, pod: { ...request.pod, ...runtime }, interactive };
  refuseTwoTerminals(wanted);
  return wanted;
}

async function renderStored(apply: ApplyContext, { images }: StoredRequest): Promise<RenderedImage[]> {
  const rendered: RenderedImage[] = [];
  for (const id of images) {
    const image = apply.store.images().find((candidate) => candidate.id === id);
    if (image === undefined)
      throw new RktError("image-gone", `Cannot run the pod: its image ${quoteText(id.slice(0, 19))} is not in the store any more`);
    rendered.push(await renderImage(apply, image));
  }
  return rendered;
}
