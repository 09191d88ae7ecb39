import { messageOf } from "../../base/error.ts";
import { isOutOfDate } from "../../apply/inputs.ts";
import type { FoundDeclarations } from "../../config/load-declarations.ts";
import { readDeclarationText } from "../../spec/parse-declaration.ts";
import type { Context } from "../context.ts";
import { declarationsOf } from "../declarations.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { styleOf, toneOf } from "../output/style.ts";
import { formatTable } from "../output/table.ts";
import type { PodView } from "../pod-view.ts";
import { viewPods } from "../pod-view.ts";

interface Row {
  readonly name: string;
  readonly uuid?: string;
  /** declared: not applied yet. */
  readonly state: "declared" | "applied" | "out of date" | "not declared" | "un-applied" | "invalid";
  readonly run?: string;
  readonly generation?: string;
}

/** Every pod that is declared or was applied, and whether the two agree. */
export async function run(context: Context, _args: readonly string[], options: OptionValues): Promise<number> {
  const problems: unknown[] = [];
  const rows = listRows(context, declarationsOf(context, []), await viewPods(context, problems));
  const format = parseFormat(options.text("format"));
  if (format === "text") {
    const cells = rows.map((row) => [
      row.name,
      options.flag("full") ? (row.uuid ?? "-") : (row.uuid?.slice(0, 8) ?? "-"),
      { text: row.state, tone: toneOf(row.state) },
      { text: row.run ?? "-", tone: toneOf(row.run ?? "") },
      row.generation?.slice(0, 12) ?? "-",
    ]);
    context.stdout.write(
      formatTable(cells, {
        header: ["POD", "UUID", "DECLARATION", "STATE", "GENERATION"],
        legend: !options.flag("no-legend"),
        style: styleOf(context),
      }),
    );
  } else context.stdout.write(formatJson(rows, format));
  for (const problem of problems) context.stderr.write(`pod list: ${messageOf(problem)}\n`);
  return 0;
}

function listRows(context: Context, found: FoundDeclarations, pods: readonly PodView[]): Row[] {
  const views = new Map(pods.flatMap((view) => (view.pod.name === undefined ? [] : [[view.pod.name, view] as const])));
  const sources = new Map(found.declarations.map((source) => [source.name, source.files.map((file) => file.path)]));
  const unreadable = found.declarations.filter((source) => readDeclarationText(source.name, source.files).problems.length > 0);
  const invalid = new Set([...found.problems, ...unreadable].map((problem) => problem.name));
  const names = [...new Set([...sources.keys(), ...invalid, ...views.keys()])].toSorted();
  return names.map((name) => rowOf(context, { name, view: views.get(name), paths: sources.get(name), invalid: invalid.has(name) }));
}

interface RowInput {
  readonly name: string;
  readonly view: PodView | undefined;
  readonly paths: readonly string[] | undefined;
  readonly invalid: boolean;
}

function rowOf(context: Context, { name, view, paths, invalid }: RowInput): Row {
  const generation = view?.pod.commit.generation;
  const known = {
    name,
    ...(view === undefined ? {} : { uuid: view.pod.uuid, run: view.state }),
    ...(generation === undefined ? {} : { generation }),
  };
  if (invalid) return { ...known, state: "invalid" };
  if (paths === undefined) return { ...known, state: generation === undefined ? "un-applied" : "not declared" };
  if (view === undefined || generation === undefined) return { ...known, state: "declared" };
  return { ...known, state: isOutOfDate(context.host, view.pod.commit, paths) ? "out of date" : "applied" };
}
