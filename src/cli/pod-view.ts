import { constants } from "node:os";
import type { PlanDigest } from "../base/id.ts";
import type { PodManifest, RuntimeApp } from "../spec/appc.ts";
import { parsePodManifest } from "../spec/pod-manifest.ts";
import { explainAppEnd } from "../pod/explain-end.ts";
import type { GenerationRecord } from "../pod/record.ts";
import type { AppEnd } from "../pod/app-ends.ts";
import { readAppEnd } from "../pod/app-ends.ts";
import type { LastRun, StartedRun } from "../pod/named.ts";
import { readLastRun, readStartedRun, runningPods } from "../pod/named.ts";
import { isBusy, listPods, type Pod, readPodGeneration } from "../pod/pod.ts";
import { errno } from "../base/error.ts";
import { findPod } from "../pod/find.ts";
import type { Context } from "./context.ts";

/** As printed; those of the original. A named pod is prepared, running or exited. */
export type PodState = "preparing" | "aborted prepare" | "prepared" | "running" | "exited" | "exited garbage" | "exited deleting";

/** A pod as list, status and JSON show it. Reading it needs neither root nor D-Bus. */
export interface PodView {
  readonly pod: Pod;
  readonly state: PodState;
  /** Of the run that goes on, else of the generation that is applied. Who is not root gets what lists need of it. */
  readonly manifest: PodManifest | undefined;
  readonly started: StartedRun | undefined;
  readonly last: LastRun | undefined;
  readonly apps: readonly AppView[];
  readonly networks: readonly string[];
  /** Does systemd-machined know it while it runs? */
  readonly isMachine: boolean;
}

export interface AppView {
  readonly app: RuntimeApp;
  readonly state: "created" | "running" | "exited" | "unknown";
  /** `exited 0`, `killed 9`, `dumped 11`: how the app's last run ended. */
  readonly ended?: AppEnd;
  /** Why it failed, for people. */
  readonly reason?: string;
}

/** All pods; what could not be read goes to `problems`. */
export function viewPods(context: Context, problems: unknown[]): PodView[] {
  const dirs = dirsOf(context);
  const running = runningPods(context.host, dirs);
  return listPods(context.host, dirs, (error) => problems.push(error)).flatMap((pod) => {
    try {
      return [viewPod(context, pod, isBusy(context.host, pod, running))];
    } catch (error) {
      problems.push(error);
      return [];
    }
  });
}

/** The pod that an argument names. */
export function viewOne(context: Context, text: string): PodView {
  const pod = findPod(context.host, dirsOf(context), text);
  return viewPod(context, pod, isBusy(context.host, pod, runningPods(context.host, dirsOf(context))));
}

export function dirsOf(context: Context): { dataDir: string; runDir: string } {
  return { dataDir: context.paths.dataDir, runDir: context.paths.runDir };
}

export function viewPod(context: Context, pod: Pod, busy: boolean): PodView {
  const runs = busy && (pod.phase ?? "run") === "run";
  const started = readStartedRun(context.host, pod);
  const digest = (runs ? started?.generation : undefined) ?? pod.commit.generation ?? pod.commit.previous;
  const manifest = digest === undefined ? undefined : readManifest(context, pod, digest);
  const record = digest === undefined ? undefined : readPodGeneration(context.host, pod, digest);
  const state = stateOf(pod, busy, started !== undefined);
  const apps = (manifest?.apps ?? []).map((app) => viewApp(context, { pod, app, runs, started: started !== undefined, record }));
  const last = runs ? undefined : readLastRun(context.host, pod);
  return { pod, state, manifest, started, last, apps, networks: record?.networks ?? [], isMachine: record?.liveness === undefined };
}

/** By phase and lock, as the original; what ran in no time has ended. */
function stateOf(pod: Pod, busy: boolean, started: boolean): PodState {
  switch (pod.phase) {
    case "prepare":
      return busy ? "preparing" : "aborted prepare";
    case "prepared":
      return "prepared";
    case "exited-garbage":
      return busy ? "exited deleting" : "exited garbage";
    case "run":
      return busy ? "running" : "exited";
    default:
      return busy ? "running" : started ? "exited" : "prepared";
  }
}

function readManifest(context: Context, pod: Pod, digest: PlanDigest): PodManifest | undefined {
  const directory = `${pod.directory}/gen/${digest}`;
  const text = readFirst(context, [`${directory}/pod`, `${directory}/listed`]);
  return text === undefined ? undefined : parsePodManifest(text);
}

/** The first that this process may read. */
function readFirst(context: Context, paths: readonly string[]): string | undefined {
  const [path = "", ...others] = paths;
  try {
    return context.host.files.tryReadText(path);
  } catch (error) {
    if (errno(error) !== "EACCES" || others.length === 0) throw error;
    return readFirst(context, others);
  }
}

interface AppInput {
  readonly pod: Pod;
  readonly app: RuntimeApp;
  readonly runs: boolean;
  readonly started: boolean;
  readonly record: GenerationRecord | undefined;
}

function viewApp(context: Context, { pod, app, runs, started, record }: AppInput): AppView {
  const ended = readAppEnd(context.host, pod, app.name);
  const reason = explainAppEnd(ended, record?.faults?.[app.name]);
  const said = reason === undefined ? {} : { reason };
  if (ended !== undefined) return { app, state: "exited", ended, ...said };
  return { app, state: runs ? "running" : started ? "unknown" : "created", ...said };
}

/** Exit status of an app as a number: 128 + N for a signal, as a shell says it. */
export function exitCodeOf(ended: NonNullable<AppView["ended"]>): number {
  const number = ended.code === "exited" ? Number(ended.status) : signalNumber(ended.status);
  if (ended.code === "exited") return Number.isInteger(number) ? number : 255;
  return Number.isInteger(number) ? 128 + number : 255;
}

/** systemd gives a signal's name without SIG (systemd.exec(5), "$EXIT_STATUS"). */
function signalNumber(name: string): number {
  const signals: Readonly<Record<string, number>> = constants.signals;
  return signals[`SIG${name}`] ?? Number(name);
}
