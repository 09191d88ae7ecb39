import { isOutOfDate } from "../../apply/inputs.ts";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineNameOf } from "../../base/id.ts";
import { openMachined } from "../../../machined/machined.ts";
import { readMainProcess } from "../../pod/control-groups.ts";
import { explainResult } from "../../pod/explain-end.ts";
import { labelOf } from "../../pod/pod.ts";
import type { Bus } from "../../dbus/bus.ts";
import { connectSystem } from "../../systemd/connect.ts";
import { isBooted } from "../../systemd/is-booted.ts";
import type { Context } from "../context.ts";
import { addKernelWord } from "../kernel-word.ts";
import { declarationsOf } from "../declarations.ts";
import type { OptionValues } from "../options.ts";
import { formatJson, parseFormat } from "../output/json.ts";
import { paint, type Style, styleOf, toneOf } from "../output/style.ts";
import { formatFullTime } from "../output/time.ts";
import { podArgument } from "../pod-argument.ts";
import { podJson } from "../pod-json.ts";
import type { PodView } from "../pod-view.ts";
import { dirsOf, exitCodeOf, toneOfPod, viewOne } from "../pod-view.ts";
import { formatTimeLine, readTimeLine, type StartStep } from "../time-line.ts";
import { waitForPod } from "../wait-for-pod.ts";
import { parseWait } from "../wait.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const name = podArgument(context, args, options, { exitCode: 1 });
  await waitForPod(context, name, { ready: parseWait(options, "wait-ready"), end: parseWait(options, "wait") });
  const view = addKernelWord(context, viewOne(context, name));
  const live = await readLive(context, view);
  const outOfDate = readOutOfDate(context, view);
  const format = parseFormat(options.text("format"));
  if (format === "text")
    context.stdout.write(
      `${lines(view, live, outOfDate)
        .map(colourLine(styleOf(context), view))
        .join("\n")}\n`,
    );
  else
    context.stdout.write(
      formatJson(
        {
          ...podJson(context, view),
          ...(live.pid === undefined ? {} : { pid: live.pid }),
          ...(live.steps === undefined ? {} : { timeline: live.steps }),
          ...(outOfDate === undefined ? {} : { out_of_date: outOfDate }),
        },
        format,
      ),
    );
  if (live.problem !== undefined) context.stderr.write(`${live.problem}\n`);
  return 0;
}

interface LivePod {
  /** Of the pod's PID 1, on the host, or of its app where there is none. */
  readonly pid?: number;
  /** The app is a process of the host: machined is not asked. */
  readonly noMachine?: true;
  /** Of the last start. */
  readonly steps?: readonly StartStep[];
  readonly problem?: string;
}

/** Asks machined and PID 1; a pod that runs and is not known there is worth a word, not an error. */
async function readLive(context: Context, view: PodView): Promise<LivePod> {
  const runs = view.state === "running";
  const main = runs ? readMainProcess(context.host, dirsOf(context), view.pod.uuid) : undefined;
  const known: LivePod = main === undefined ? {} : { pid: main.pid, noMachine: true };
  if (view.started === undefined || !isBooted(context.host)) return known;
  const bus = await tryConnect(context, runs);
  if (bus === undefined) return known;
  try {
    const machine = runs && main === undefined ? await openMachined(bus).properties(machineNameOf(view.pod.uuid)) : undefined;
    const steps = await readTimeLine(context, bus, view, machine?.leader);
    const timed = { ...known, ...(machine === undefined ? {} : { pid: machine.leader }), ...(steps.length === 0 ? {} : { steps }) };
    if (!runs || main !== undefined || machine !== undefined) return timed;
    return {
      ...timed,
      problem: `Pod ${quoteText(labelOf(view.pod))} runs, but systemd-machined does not know it: it is starting or ending, or machined lost it`,
    };
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    // Of a pod that does not run its files tell all but the times.
    if (!runs) return known;
    return { ...known, problem: `Cannot ask systemd about pod ${quoteText(labelOf(view.pod))}: ${error.message}` };
  } finally {
    bus.close();
  }
}

/** Only for a pod that runs it is an error that there is nobody to ask. */
async function tryConnect(context: Context, runs: boolean): Promise<Bus | undefined> {
  try {
    return await connectSystem(context.host);
  } catch (error) {
    if (runs || !(error instanceof RktError)) throw error;
    return undefined;
  }
}

function readOutOfDate(context: Context, view: PodView): boolean | undefined {
  if (view.pod.commit.generation === undefined || view.pod.name === undefined) return undefined;
  const [source] = declarationsOf(context, [view.pod.name]).declarations;
  return source === undefined
    ? undefined
    : isOutOfDate(
        context.host,
        view.pod.commit,
        source.files.map((file) => file.path),
      );
}

function lines(view: PodView, live: LivePod, outOfDate: boolean | undefined): string[] {
  const { pod, started, last } = view;
  const result = [`state=${view.state}`, `created=${formatFullTime(Math.floor(pod.createdAt))}`];
  if (started !== undefined) result.push(`started=${formatFullTime(Math.floor(started.startedAt))}`);
  if (view.networks.length > 0) result.push(`networks=${view.networks.join(", ")}`);
  if (live.pid !== undefined) result.push(`pid=${live.pid}`);
  if (live.noMachine === true) result.push("machine=none (the app is a process of the host, systemd-machined does not know it)");
  if (live.steps !== undefined) result.push(`timeline=${formatTimeLine(live.steps)}`);
  result.push(`exited=${view.state.startsWith("exited")}`, ...(pod.name === undefined ? [] : [`name=${pod.name}`]), `uuid=${pod.uuid}`);
  if (pod.commit.generation !== undefined) result.push(`generation=${pod.commit.generation}`);
  if (outOfDate === true) result.push("declaration=out of date");
  if (last !== undefined) result.push(`result=${last.result}`, ...reasonLine("reason", view.reason ?? explainResult(last.result)));
  for (const { app, ended, reason } of view.apps) {
    if (ended !== undefined) result.push(`app-${app.name}=${exitCodeOf(ended)}`);
    result.push(...reasonLine(`app-${app.name}-reason`, reason));
  }
  return result;
}

/** On a terminal what matters stands out; the words are the same. */
function colourLine(style: Style, view: PodView): (line: string) => string {
  return (line) => {
    const [key = "", value = ""] = line.split(/=(.*)/s);
    if (key === "state") return `state=${paint(value, toneOfPod(view), style)}`;
    if (key === "declaration") return `${key}=${paint(value, toneOf(value), style)}`;
    return /(^|-)reason$/.test(key) ? `${key}=${paint(value, "bad", style)}` : line;
  };
}

function reasonLine(key: string, reason: string | undefined): string[] {
  return reason === undefined ? [] : [`${key}=${reason}`];
}
