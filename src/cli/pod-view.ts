import { constants } from "node:os";
import type { PlanDigest, Uuid } from "../base/id.ts";
import type { PodManifest, RuntimeApp } from "../spec/appc.ts";
import type { PodNetwork } from "../spec/network.ts";
import { explainAppEnd } from "../pod/explain-end.ts";
import { type GenerationRecord, parseStoredManifest } from "../pod/record.ts";
import type { AppEnd } from "../pod/app-ends.ts";
import { readAppEnd } from "../pod/app-ends.ts";
import type { LastRun, StartedRun } from "../pod/named.ts";
import { awaitRunningPods, readLastRun, readStartedRun, readStartTime, runningPods } from "../pod/named.ts";
import { isBusy, listPods, type Pod, readPod, readPodGeneration } from "../pod/pod.ts";
import { errno } from "../base/error.ts";
import { once } from "../base/once.ts";
import { findPod } from "../pod/find.ts";
import type { Context } from "./context.ts";
import { toneOf, type Tone } from "./output/style.ts";

/** As printed; those of the original. A named pod is prepared, running or exited. */
export type PodState = "preparing" | "aborted prepare" | "prepared" | "running" | "exited" | "exited garbage" | "exited deleting";

/** What one line of a list shows of a pod, from as few files as can be. Reading it needs neither root nor D-Bus. */
export interface PodGlance {
  readonly pod: Pod;
  readonly state: PodState;
  readonly runs: boolean;
  /** The generation of a run that is over is that of the record. */
  readonly started: (Pick<StartedRun, "startedAt"> & Partial<StartedRun>) | undefined;
  /** Names the generation that runs, else the one that is applied. */
  readonly digest: PlanDigest | undefined;
  readonly record: GenerationRecord | undefined;
}

/** A pod as status and JSON show it. Reading it needs neither root nor D-Bus. */
export interface PodView {
  readonly pod: Pod;
  readonly state: PodState;
  /** Of the run that goes on, else of the generation that is applied. Who is not root, or lists all pods, gets what lists need of it. */
  readonly manifest: PodManifest | undefined;
  readonly started: PodGlance["started"];
  readonly last: LastRun | undefined;
  /** Why the last run ended as it did, where the kernel told more than `last`. */
  readonly reason?: string;
  readonly apps: readonly AppView[];
  /** Of each app its image, and behind it those that this one depends on. */
  readonly images: GenerationRecord["images"];
  /** As lists show them: `host`, `default:ip4=172.16.28.2`. */
  readonly networks: readonly string[];
  /** Its interfaces, where it has a network namespace of its own. */
  readonly network: PodNetwork | undefined;
  /** Does systemd-machined know it while it runs? */
  readonly isMachine: boolean;
}

export interface AppView {
  readonly app: RuntimeApp;
  readonly state: "created" | "running" | "exited" | "unknown";
  /** `exited 0`, `killed 9`, `dumped 11`: how the app's last run ended. */
  readonly ended: AppEnd | undefined;
  /** Why it failed, for people. */
  readonly reason: string | undefined;
}

/** All pods, their manifests as far as lists need them; what could not be read goes to `problems`. */
export async function viewPods(context: Context, problems: unknown[]): Promise<PodView[]> {
  return await lookAtPods(context, problems, (pod, busy) => {
    const view = viewPod(context, pod, { busy, manifest: "listed" });
    void view.manifest;
    return view;
  });
}

/** The same for lists that show nothing of manifests. */
export async function glanceAtPods(context: Context, problems: unknown[]): Promise<PodGlance[]> {
  return await lookAtPods(context, problems, (pod, busy) => glanceAt(context, pod, busy));
}

type Look<T> = (pod: Pod, busy: boolean) => T;

async function lookAtPods<T extends Pick<PodGlance, "started">>(context: Context, problems: unknown[], look: Look<T>): Promise<T[]> {
  const dirs = dirsOf(context);
  const begun = context.host.clock.now();
  const soon = awaitRunningPods(context.host, dirs);
  const pods = listPods(context.host, dirs, (error) => problems.push(error));
  const running = await soon;
  return pods.flatMap((listed) => {
    try {
      const { pod, busy } = settle(context, listed, running);
      const seen = look(pod, busy);
      // Started while the pods were listed: the locks were told before.
      return [!busy && (seen.started?.startedAt ?? 0) >= begun ? lookAtOne(context, pod.uuid, look) : seen];
    } catch (error) {
      if (errno(error) === "ENOENT") return lookAgain(context, listed.uuid, { look, problems });
      problems.push(error);
      return [];
    }
  });
}

/** It moved while it was looked at, or went. */
function lookAgain<T>(context: Context, uuid: Uuid, { look, problems }: { readonly look: Look<T>; readonly problems: unknown[] }): T[] {
  const dirs = dirsOf(context);
  try {
    const running = runningPods(context.host, dirs);
    const pod = readPod(context.host, dirs, uuid);
    return pod === undefined ? [] : [look(pod, isBusy(context.host, pod, running))];
  } catch (error) {
    problems.push(error);
    return [];
  }
}

/** Whoever prepared it may have given its lock up while the pods were listed: that is no aborted prepare. */
function settle(context: Context, pod: Pod, running: ReadonlySet<Uuid>): { readonly pod: Pod; readonly busy: boolean } {
  const { host } = context;
  const busy = isBusy(host, pod, running);
  if (pod.phase !== "prepare" || busy) return { pod, busy };
  const dirs = dirsOf(context);
  const later = runningPods(host, dirs);
  const now = readPod(host, dirs, pod.uuid) ?? pod;
  return { pod: now, busy: isBusy(host, now, later) };
}

/** The pod that an argument names. */
export function viewOne(context: Context, text: string): PodView {
  return lookAtOne(context, text, (pod, busy) => viewPod(context, pod, { busy, manifest: "whole" }));
}

function lookAtOne<T>(context: Context, text: string, look: Look<T>): T {
  // Before the pod is looked at: one that is started in between gives its lock up, and would look like one whose making was aborted.
  const lookOnce = (): T => {
    const running = runningPods(context.host, dirsOf(context));
    const pod = findPod(context.host, dirsOf(context), text);
    return look(pod, isBusy(context.host, pod, running));
  };
  try {
    return lookOnce();
  } catch (error) {
    if (errno(error) !== "ENOENT") throw error;
    // It moved meanwhile.
    return lookOnce();
  }
}

export function dirsOf(context: Context): { dataDir: string; runDir: string } {
  return { dataDir: context.paths.dataDir, runDir: context.paths.runDir };
}

interface Viewing {
  readonly busy: boolean;
  readonly manifest: "whole" | "listed";
}

function glanceAt({ host }: Context, pod: Pod, busy: boolean): PodGlance {
  const runs = busy && (pod.phase ?? "run") === "run";
  const run = runs ? readStartedRun(host, pod) : undefined;
  const started = runs ? run : readStartTime(host, pod);
  const digest = run?.generation ?? pod.commit.generation ?? pod.commit.previous;
  const record = digest === undefined ? undefined : readPodGeneration(host, pod, digest);
  return { pod, state: stateOf(pod, busy, started !== undefined), runs, started, digest, record };
}

/** Of a pod that does not run. */
export function lastRunOf({ host }: Context, { pod, runs }: PodGlance): LastRun | undefined {
  return runs ? undefined : readLastRun(host, pod);
}

function viewPod(context: Context, pod: Pod, { busy, manifest: wanted }: Viewing): PodView {
  const glance = glanceAt(context, pod, busy);
  const { state, runs, started, digest, record } = glance;
  const manifest = once(() => (digest === undefined ? undefined : readManifest(context, `${pod.directory}/gen/${digest}`, wanted)));
  const apps = once(() =>
    (manifest()?.apps ?? []).map((app) => viewApp(context, { pod, app, runs, started: started !== undefined, record })),
  );
  return {
    pod,
    state,
    get manifest() {
      return manifest();
    },
    started,
    get last() {
      return lastRunOf(context, glance);
    },
    get apps() {
      return apps();
    },
    images: record?.images ?? [],
    networks: record?.networks ?? [],
    network: record?.network,
    isMachine: record?.liveness !== "cgroup",
  };
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

/** Who may not read the whole manifest gets the listed one. */
function readManifest({ host }: Context, generation: string, wanted: Viewing["manifest"]): PodManifest | undefined {
  const read = (name: string): PodManifest | undefined => {
    const path = `${generation}/${name}`;
    const text = host.files.tryReadText(path);
    return text === undefined ? undefined : parseStoredManifest(text, path);
  };
  return wanted === "listed"
    ? read("listed")
    : readUnlessRefused(
        () => read("pod"),
        () => read("listed"),
      );
}

function readUnlessRefused<T>(read: () => T, instead: () => T): T {
  try {
    return read();
  } catch (error) {
    if (errno(error) !== "EACCES") throw error;
    return instead();
  }
}

interface AppInput {
  readonly pod: Pod;
  readonly app: RuntimeApp;
  readonly runs: boolean;
  readonly started: boolean;
  readonly record: GenerationRecord | undefined;
}

/** What a list does not show is read only when it is asked for. */
function viewApp(context: Context, { pod, app, runs, started, record }: AppInput): AppView {
  const ended = once(() => (started ? readAppEnd(context.host, pod, app.name) : undefined));
  return {
    app,
    get state() {
      if (ended() !== undefined) return "exited";
      return runs ? "running" : started ? "unknown" : "created";
    },
    get ended() {
      return ended();
    },
    get reason() {
      return explainAppEnd(ended(), record?.faults?.[app.name]);
    },
  };
}

/** What the pod's state means to the reader: a run that failed is bad, whatever it is called. */
export function toneOfPod({ state, last }: Pick<PodView, "state" | "last">): Tone | undefined {
  const failed = state.startsWith("exited") && last !== undefined && last.result !== "success";
  return failed ? "bad" : toneOf(state);
}

/** Exit status of an app as a number: 128 + N for a signal, as a shell says it; 255 where the pod has written what is neither. */
export function exitCodeOf({ code, status }: AppEnd): number {
  if (code === "exited") return numberWithin(status, [0, 255]) ?? 255;
  const signal = signalNumber(status);
  return signal === undefined ? 255 : 128 + signal;
}

/** systemd gives a signal's name without SIG (systemd.exec(5), "$EXIT_STATUS"). */
function signalNumber(name: string): number | undefined {
  const signals: Readonly<Record<string, number>> = constants.signals;
  return signals[`SIG${name}`] ?? numberWithin(name, [1, 64]);
}

function numberWithin(text: string, [least, most]: readonly [number, number]): number | undefined {
  const number = /^[0-9]{1,3}$/.test(text) ? Number(text) : -1;
  return number >= least && number <= most ? number : undefined;
}
