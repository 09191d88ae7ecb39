import { messageOf } from "../../base/error.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { styleOf } from "../output/style.ts";
import { type Cell, formatTable } from "../output/table.ts";
import { formatFullTime, formatRelativeTime } from "../output/time.ts";
import { podJson } from "../pod-json.ts";
import type { PodGlance, PodView } from "../pod-view.ts";
import { glanceAtPods, lastRunOf, toneOfPod, viewPods } from "../pod-view.ts";

type AppImage = PodView["images"][number];

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const problems: unknown[] = [];
  const format = parseFormat(options.text("format"));
  if (format === "text") context.stdout.write(table(context, await glanceAtPods(context, problems), options));
  else {
    const pods = await viewPods(context, problems);
    const values = pods.map((pod) => podJson(context, pod));
    context.stdout.write(formatJson(values, format));
  }
  for (const problem of problems) context.stderr.write(`list: ${messageOf(problem)}\n`);
  return 0;
}

function table(context: Context, pods: readonly PodGlance[], options: OptionValues): string {
  const full = options.flag("full");
  const style = styleOf(context);
  // The original's columns in its order, for those who count them; ours comes last.
  const header = ["UUID", "APP", "IMAGE NAME", ...(full ? ["IMAGE ID"] : []), "STATE", "CREATED", "STARTED", "NETWORKS", "POD"];
  const rows = pods.flatMap((pod) => podRows(context, pod, { full, colour: style.colour }));
  return formatTable(rows, { header, legend: !options.flag("no-legend"), style });
}

/** The pod's own cells stand in the row of its first app only. */
function podRows(context: Context, glance: PodGlance, { full, colour }: { readonly full: boolean; readonly colour: boolean }): Cell[][] {
  const { pod: shown, state, started, record } = glance;
  const images = (record?.images ?? []).filter(({ app }, index, all) => app !== all[index - 1]?.app);
  const rows: readonly (AppImage | undefined)[] = images.length === 0 ? [undefined] : images;
  return rows.map((image, index) => {
    const pod = (text: string) => (index === 0 ? text : "");
    return [
      pod(full ? shown.uuid : shown.uuid.slice(0, 8)),
      image?.app ?? "-",
      imageName(image),
      ...(full ? [image?.id.slice(0, 19) ?? "-"] : []),
      // How a run ended is read for its colour only.
      colour ? { text: pod(state), tone: toneOfPod({ state, last: lastRunOf(context, glance) }) } : pod(state),
      pod(formatTime(context, shown.createdAt, full)),
      pod(started === undefined ? "" : formatTime(context, started.startedAt, full)),
      pod(record?.networks.join(", ") ?? ""),
      pod(shown.name ?? "-"),
    ];
  });
}

function imageName(image: AppImage | undefined): string {
  if (image === undefined) return "-";
  return image.version === undefined ? image.name : `${image.name}:${image.version}`;
}

function formatTime(context: Context, time: number, full: boolean): string {
  return full ? formatFullTime(Math.floor(time)) : formatRelativeTime(time, context.host.clock.now());
}
