import { makeUuid } from "../../apply/carry-out.ts";
import { findForeignUnit, launchAdHoc, listCredentials } from "../../apply/launch-ad-hoc.ts";
import type { ConsoleDescription } from "../../pod/engine.ts";
import { homeOf } from "../../pod/paths.ts";
import type { RunRequest } from "../ad-hoc/request.ts";
import { parseRunLine } from "../ad-hoc/parse.ts";
import { faultLines, makeAdHoc } from "../ad-hoc-pod.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { configuredStage1, stage1Directory } from "../default-stage1.ts";
import { launcherPid } from "../launcher.ts";

/** Makes a pod and becomes what runs it: in the foreground a waiter, as the main process of a unit the engine itself. */
export async function run(context: Context, words: readonly string[]): Promise<number> {
  const { request, uuidFileSave, warnings } = parseRunLine("run", words, {
    host: context.host,
    insecure: context.insecure,
    stage1: () => configuredStage1(context),
    stage1Directory: () => stage1Directory(context),
  });
  for (const warning of warnings) context.stderr.write(`run: ${warning}\n`);
  return await withApplyContext(context, async (apply) => {
    const uuid = makeUuid();
    const launcher = launcherPid(context.host);
    const foreignUnit = await findForeignUnit(apply, launcher);
    const console = chooseConsole(context, { request, home: homeOf(apply.dirs, { uuid }), foreign: foreignUnit !== undefined });
    const made = await makeAdHoc(context, apply, {
      uuid,
      request,
      launcher,
      ...(foreignUnit === undefined ? {} : { credentials: listCredentials(context.host) }),
      ...(console === undefined ? {} : { console }),
      ...(uuidFileSave === undefined ? {} : { uuidFileSave }),
    });
    for (const line of faultLines(made.plan.pod)) context.stderr.write(`run: ${line}\n`);
    try {
      context.exec(await launchAdHoc(apply, made.plan, "prepare", { launcher, foreignUnit }));
      return 0;
    } finally {
      made.release();
    }
  });
}

export interface ConsoleWish {
  readonly request: Pick<RunRequest, "interactive">;
  /** Of the pod, while it runs. */
  readonly home: string;
  /** The pod becomes the main process of a unit that is not ours. */
  readonly foreign: boolean;
}

/** Where the apps' bytes go besides the pod's journal. A unit whose output is the journal gets them by that alone. */
export function chooseConsole(context: Context, { request, home, foreign }: ConsoleWish): ConsoleDescription | undefined {
  const terminal = context.isTerminal.stdin && context.isTerminal.stdout;
  if (request.interactive) return { kind: "terminal", interactive: true };
  if (foreign) return terminal ? { kind: "terminal", interactive: false } : undefined;
  return { kind: "pipes", directory: `${home}/console`, stdin: false };
}
