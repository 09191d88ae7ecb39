import { withApplyLock } from "../../apply/apply-lock.ts";
import { finishChanges } from "../../apply/finish.ts";
import { removeOldJournals } from "../../apply/gone.ts";
import { collectPods } from "../../apply/collect.ts";
import { sweepMachines } from "../../apply/sweep-machines.ts";
import { sweepPods } from "../../apply/sweep.ts";
import type { RktError } from "../../base/error.ts";
import { parseTimeSpan } from "../../base/quantity.ts";
import { openStore } from "../../store/store.ts";
import { withApplyContext } from "../apply-context.ts";
import type { Context } from "../context.ts";
import { reportDecisions } from "../decisions.ts";
import { listKeptTrees } from "../images-kept.ts";
import type { OptionValues } from "../options.ts";
import { reportError } from "../output/report.ts";
import { withStoreLock } from "../store-lock.ts";

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const keep = options.text("journal-keep");
  let status = 0;
  const fail = (error: RktError): void => {
    status = reportError(error, { command: "gc", debug: context.debug, stderr: context.stderr });
  };
  await withApplyContext(context, (apply) =>
    withApplyLock(apply, async () => {
      reportDecisions(context, await finishChanges(apply));
      await collectPods(apply, {
        graceMs: milliseconds(options.text("grace-period") ?? "30m"),
        expireMs: milliseconds(options.text("expire-prepared") ?? "24h"),
        markOnly: options.flag("mark-only"),
        say: (line) => context.stderr.write(`${line}\n`),
        tell: (line) => context.stdout.write(`${line}\n`),
        fail,
      });
      if (options.flag("mark-only")) return;
      const swept = [...sweepPods(apply.host, apply.dirs, fail), ...sweepMachines(apply.host, apply.dirs)];
      for (const path of swept) context.stderr.write(`removed ${path}\n`);
      const journals = keep === undefined ? [] : removeOldJournals(apply.host, apply.dirs, parseTimeSpan(keep) / 1000);
      for (const uuid of journals) context.stderr.write(`removed the journal of pod ${uuid}\n`);
    }),
  );
  if (options.flag("mark-only")) return status;
  // Afterwards, without the other lock: a long fetch holds this one, and applies must not wait for it.
  await removeStrayTrees(context);
  return status;
}

function milliseconds(text: string): number {
  return parseTimeSpan(text) / 1000;
}

/** Trees whose image is not in the store any more, and that no generation mounts; also what cut-short fetches and renders staged. */
async function removeStrayTrees(context: Context): Promise<void> {
  const store = openStore(context.host, context.paths.dataDir);
  await withStoreLock(store, async () => {
    const kept = listKeptTrees(context);
    for (const tree of store.trees()) {
      if (store.get(tree.image) !== undefined || kept.has(tree.path)) continue;
      store.removeTree(tree.key);
      context.stderr.write(`removed ${tree.path}\n`);
    }
    // A full disk has room for a new directory by now.
    store.stage().release();
  });
}
