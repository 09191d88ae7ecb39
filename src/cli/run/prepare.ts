import { makeUuid } from "../../apply/carry-out.ts";
import { moveAdHoc } from "../../pod/ad-hoc.ts";
import { faultLines, makeAdHoc } from "../ad-hoc-pod.ts";
import { parseRunLine } from "../ad-hoc/parse.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { configuredStage1, stage1Directory } from "../default-stage1.ts";
import { launcherPid } from "../launcher.ts";

/** Makes a pod that `rkt run-prepared` starts, and prints its UUID. */
export async function run(context: Context, words: readonly string[]): Promise<number> {
  const { request, uuidFileSave, warnings } = parseRunLine("prepare", words, {
    host: context.host,
    insecure: context.insecure,
    stage1: () => configuredStage1(context),
    stage1Directory: () => stage1Directory(context),
  });
  for (const warning of warnings) context.stderr.write(`prepare: ${warning}\n`);
  return await withApplyContext(context, async (apply) => {
    const uuid = makeUuid();
    const made = await makeAdHoc(context, apply, {
      uuid,
      request,
      launcher: launcherPid(context.host),
      ...(uuidFileSave === undefined ? {} : { uuidFileSave }),
    });
    for (const line of faultLines(made.plan.pod)) context.stderr.write(`prepare: ${line}\n`);
    try {
      moveAdHoc(context.host, apply.dirs, uuid, ["prepare", "prepared"]);
    } finally {
      made.release();
    }
    context.stdout.write(`${uuid}\n`);
    return 0;
  });
}
