import { messageOf } from "../../base/error.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { formatTable } from "../output/table.ts";
import { formatFullTime, formatRelativeTime } from "../output/time.ts";
import { podJson } from "../pod-json.ts";
import type { AppView, PodView } from "../pod-view.ts";
import { viewPods } from "../pod-view.ts";

export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const problems: unknown[] = [];
  const pods = viewPods(context, problems);
  const format = parseFormat(options.text("format"));
  if (format === "text") context.stdout.write(table(context, pods, options));
  else
    context.stdout.write(
      formatJson(
        pods.map((pod) => podJson(context, pod)),
        format,
      ),
    );
  for (const problem of problems) context.stderr.write(`list: ${messageOf(problem)}\n`);
  return 0;
}

function table(context: Context, pods: readonly PodView[], options: OptionValues): string {
  const full = options.flag("full");
  const header = ["UUID", "POD", "APP", "IMAGE NAME", ...(full ? ["IMAGE ID"] : []), "STATE", "CREATED", "STARTED", "NETWORKS"];
  const rows = pods.flatMap((pod) => podRows(context, pod, full));
  return formatTable(rows, { header, legend: !options.flag("no-legend") });
}

/** The pod's own cells stand in the row of its first app only. */
function podRows(context: Context, view: PodView, full: boolean): string[][] {
  const apps: readonly (AppView | undefined)[] = view.apps.length === 0 ? [undefined] : view.apps;
  return apps.map((app, index) => {
    const pod = (text: string) => (index === 0 ? text : "");
    return [
      pod(full ? view.pod.uuid : view.pod.uuid.slice(0, 8)),
      pod(view.pod.name ?? "-"),
      app?.app.name ?? "-",
      imageName(app),
      ...(full ? [app?.app.image.id.slice(0, 19) ?? "-"] : []),
      pod(view.state),
      pod(formatTime(context, view.pod.createdAt, full)),
      pod(view.started === undefined ? "" : formatTime(context, view.started.startedAt, full)),
      pod(view.networks.join(", ")),
    ];
  });
}

function imageName(view: AppView | undefined): string {
  if (view === undefined) return "-";
  const version = view.app.image.labels?.find((label) => label.name === "version")?.value;
  const name = view.app.image.name ?? "--";
  return version === undefined ? name : `${name}:${version}`;
}

function formatTime(context: Context, time: number, full: boolean): string {
  return full ? formatFullTime(Math.floor(time)) : formatRelativeTime(time, context.host.clock.now());
}
