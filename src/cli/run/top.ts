import { setTimeout as wait } from "node:timers/promises";
import { messageOf, RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { parseTimeSpan } from "../../base/quantity.ts";
import { unitOf } from "../../pod/pod.ts";
import { appGroups, readUsage, type Usage } from "../../pod/usage.ts";
import { connectSystem } from "../../systemd/connect.ts";
import { type Manager, openManager } from "../../systemd/manager.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { drawOver } from "../output/live.ts";
import { styleOf } from "../output/style.ts";
import { formatTable } from "../output/table.ts";
import { type PodView, viewOne, viewPods } from "../pod-view.ts";
import { type Measured, type MeasuredPod, usageHeader, usageJson, usageRows } from "../usage-table.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const format = parseFormat(options.text("format"));
  const interval = parseInterval(options.text("interval") ?? "2s");
  const live = format === "text" && context.isTerminal.stdout && !options.flag("once");
  const manager = openManager(await connectSystem(context.host));
  try {
    let before = await sample(context, manager, args);
    for (;;) {
      await wait(interval);
      const now = await sample(context, manager, args);
      const pods = now.pods.map((pod) => compare(pod, { before, now }));
      if (format === "text") {
        const table = formatTable(pods.flatMap(usageRows), {
          header: usageHeader,
          legend: !options.flag("no-legend"),
          style: styleOf(context),
        });
        context.stdout.write(live ? drawOver(table, context.stdout.rows) : table);
      } else context.stdout.write(formatJson(pods.map(usageJson), format));
      if (!live) return 0;
      before = now;
    }
  } finally {
    manager.close();
  }
}

/** Milliseconds. */
function parseInterval(text: string): number {
  const interval = parseTimeSpan(text) / 1000;
  if (interval >= 10 && interval <= 3_600_000) return interval;
  throw new RktError("usage", `Cannot measure for ${quoteText(text)}: it is less than 10 ms or more than an hour`);
}

interface Sample {
  /** Milliseconds on the host's clock. */
  readonly at: number;
  readonly pods: readonly SampledPod[];
  /** By control group. */
  readonly usages: ReadonlyMap<string, Usage>;
}

interface SampledPod {
  readonly view: PodView;
  readonly group: string;
  readonly apps: readonly { readonly name: string; readonly group: string | undefined }[];
}

async function sample(context: Context, manager: Manager, names: readonly string[]): Promise<Sample> {
  const usages = new Map<string, Usage>();
  const note = (group: string): boolean => {
    const usage = readUsage(context.host, group);
    if (usage !== undefined) usages.set(group, usage);
    return usage !== undefined;
  };
  const pods: SampledPod[] = [];
  for (const view of names.length === 0 ? await viewRunning(context) : names.map((name) => viewRunningOne(context, name))) {
    const { controlGroup } = await manager.unitState(unitOf(context.host, view.pod));
    if (controlGroup === "" || !note(controlGroup)) continue;
    // Without a manager of its own the pod's group is its one app's.
    const groupsOf = (app: string): readonly string[] => (view.isMachine ? appGroups(controlGroup, app) : [controlGroup]);
    pods.push({ view, group: controlGroup, apps: view.apps.map(({ app }) => ({ name: app.name, group: groupsOf(app.name).find(note) })) });
  }
  return { at: context.host.clock.now(), pods, usages };
}

async function viewRunning(context: Context): Promise<PodView[]> {
  const problems: unknown[] = [];
  const running = (await viewPods(context, problems)).filter((view) => view.state === "running");
  for (const problem of problems) context.stderr.write(`top: ${messageOf(problem)}\n`);
  return running;
}

function viewRunningOne(context: Context, name: string): PodView {
  const view = viewOne(context, name);
  if (view.state === "running") return view;
  throw new RktError("pod-not-running", `Cannot measure pod ${quoteText(view.pod.name ?? view.pod.uuid)}: it is ${view.state}`, {
    hint: `"rkt list" shows what runs`,
  });
}

function compare({ view, group, apps }: SampledPod, { before, now }: { readonly before: Sample; readonly now: Sample }): MeasuredPod {
  const elapsed = (now.at - before.at) * 1000;
  const measure = (path: string | undefined): Measured | undefined => {
    const usage = now.usages.get(path ?? "");
    const old = before.usages.get(path ?? "");
    if (usage === undefined) return undefined;
    // A group of the same name that was made anew counts from nothing.
    const percent = old === undefined || usage.cpu < old.cpu || elapsed <= 0 ? undefined : ((usage.cpu - old.cpu) / elapsed) * 100;
    return { usage, percent };
  };
  return { view, whole: measure(group), apps: apps.map(({ name, group: path }) => ({ name, measured: measure(path) })) };
}
