import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { exportTree } from "../../image/export-tree.ts";
import { labelOf, readPodGeneration } from "../../pod/pod.ts";
import { readStartedRun } from "../../pod/named.ts";
import { lockPath } from "../../pod/paths.ts";
import { openStore } from "../../store/store.ts";
import type { Context } from "../context.ts";
import type { OptionValues } from "../options.ts";
import { type AppView, dirsOf, type PodView, viewOne } from "../pod-view.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const [text = "", file = ""] = args;
  if (!file.endsWith(".aci")) {
    throw new RktError("usage", `Cannot export to ${quoteText(file)}: its name does not end with .aci`, {
      hint: `Call it ${quoteText(`${file}.aci`)}`,
    });
  }
  const { host } = context;
  const found = viewOne(context, text);
  if (!found.state.startsWith("exited")) refuse(found, `it is ${found.state}`, "Only a pod that has ended is exported");
  // Nobody starts or removes it meanwhile.
  const lock = host.locks.tryLock(lockPath(dirsOf(context), found.pod.uuid), { wait: 0 });
  if (lock === undefined) refuse(found, "another rkt works on it", "Export it when that one has ended");
  try {
    const view = viewOne(context, found.pod.uuid);
    const app = chooseApp(view, options.text("app"));
    const store = openStore(host, context.paths.dataDir);
    await exportTree({ host, store }, { ...layersOf(context, view, app), image: store.find(app.app.image.id) }, file, {
      overwrite: options.flag("overwrite"),
    });
    return 0;
  } finally {
    lock.release();
  }
}

function refuse({ pod }: PodView, why: string, hint: string): never {
  throw new RktError("pod-not-exported", `Cannot export pod ${quoteText(labelOf(pod))}: ${why}`, { hint });
}

function chooseApp(view: PodView, name: string | undefined): AppView {
  const names = view.apps.map(({ app }) => app.name).join(", ");
  const [first] = view.apps;
  if (name === undefined && first !== undefined && view.apps.length === 1) return first;
  if (name === undefined) refuse(view, `it has ${view.apps.length} apps`, `Choose one with --app: ${names}`);
  return view.apps.find(({ app }) => app.name === name) ?? refuse(view, `it has no app ${quoteText(name)}`, `Its apps are ${names}`);
}

/** Topmost first. The run's own generation: what is applied now may be another. */
function layersOf(context: Context, view: PodView, { app }: AppView): { readonly layers: readonly string[] } {
  const { pod } = view;
  const digest = readStartedRun(context.host, pod)?.generation ?? pod.commit.generation;
  const upper = `${pod.directory}/rw.last/${app.name}/upper`;
  if (digest === undefined || !context.host.files.exists(upper))
    refuse(view, "what its last run wrote is not there any more", "Run it again");
  const record = readPodGeneration(context.host, pod, digest);
  if (record.machineFiles !== undefined)
    refuse(view, "what it wrote was in its virtual machine's memory", "Let the app write to a volume, or take another stage1");
  return { layers: record.copyTrees === true ? [upper] : [upper, ...(record.appLayers[app.name] ?? [])] };
}
