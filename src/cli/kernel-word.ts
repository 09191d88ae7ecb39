import { type KernelRecord, type OomRecord, readKernelRecords, type SeccompRecord } from "../journal/kernel-records.ts";
import { explainForbiddenCall, explainOutOfMemory, explainPodOutOfMemory, type MemoryLimit } from "../pod/explain-end.ts";
import { unitOf } from "../pod/pod.ts";
import { appGroups } from "../pod/usage.ts";
import type { Context } from "./context.ts";
import type { AppView, PodView } from "./pod-view.ts";

/** A death is recorded some time after what the kernel said of it: a core dump, a busy machine. */
const EARLIER_MS = 30_000;
const LATER_MS = 2_000;

/** The view with what the host's kernel said of processes that it killed: for one pod, because reading the host's journal takes a while. */
export function addKernelWord(context: Context, view: PodView): PodView {
  const times = [...view.apps.flatMap(({ ended }) => ended?.at ?? []), ...(view.last === undefined ? [] : [view.last.endedAt])];
  // Where the pod's own processes were killed, the engine may end with a status of its own.
  const wasKilled = view.apps.some(isKill) || (view.last !== undefined && view.last.result !== "success");
  if (view.started === undefined || times.length === 0 || !wasKilled) return view;
  const since = Math.max(view.started.startedAt - LATER_MS, Math.min(...times) - EARLIER_MS);
  const records = readKernelRecords(context.host, since, Math.max(...times) + LATER_MS);
  return explainByKernel(view, unitOf(context.host, view.pod), { records, systemCallName: context.host.systemCallName });
}

export interface KernelWord {
  /** Newest first. */
  readonly records: readonly KernelRecord[];
  readonly systemCallName: (architecture: number, number: number) => string | undefined;
}

export function explainByKernel(view: PodView, unit: string, { records, systemCallName }: KernelWord): PodView {
  const deaths = records.flatMap((record) => (record.kind === "oom" ? (placeOom(record, unit, view) ?? []) : []));
  const forbidden = records.filter((record) => record.kind === "seccomp");
  const apps = view.apps.map((app): AppView => {
    if (!isKill(app)) return app;
    const death = deaths.find(({ owner }) => owner === app.app.name);
    if (death !== undefined) return { ...app, reason: explainOutOfMemory(death.limit, death.process) };
    const record = app.ended?.status === "SYS" ? findForbidden(app, forbidden) : undefined;
    if (record === undefined) return app;
    const name = systemCallName(record.architecture, record.call);
    return { ...app, reason: explainForbiddenCall(name, record.call, isForeign(record)) };
  });
  const fatal = deaths.find(({ owner, limit }) => owner === undefined || limit !== "app");
  if (fatal === undefined || view.last === undefined) return { ...view, apps };
  return { ...view, apps, reason: explainPodOutOfMemory(fatal.limit, fatal.process, fatal.owner) };
}

/** AUDIT_ARCH_* of Node's names. */
const NATIVE: Readonly<Record<string, number>> = { x64: 0xc000003e, arm64: 0xc00000b7 };

function isForeign({ architecture }: SeccompRecord): boolean {
  return architecture !== NATIVE[process.arch];
}

function isKill({ ended }: AppView): boolean {
  return ended !== undefined && (ended.result === "oom-kill" || (ended.code !== "exited" && ["SYS", "KILL"].includes(ended.status)));
}

interface Death {
  /** The app; undefined: a process of the pod's own. */
  readonly owner: string | undefined;
  readonly limit: MemoryLimit;
  readonly process: string;
}

/** undefined: it was in no group of this pod. */
function placeOom(record: OomRecord, unit: string, view: PodView): Death | undefined {
  const group = findUnitGroup(record.group, unit);
  if (group === undefined) return undefined;
  const groupsOf = (app: string): readonly string[] => (view.isMachine ? appGroups(group, app) : [group]);
  const owner = view.apps.find(({ app }) => groupsOf(app.name).some((own) => isWithin(record.group, own)))?.app.name;
  return { owner, limit: limitOf(record.limitGroup, group, owner === undefined ? [] : groupsOf(owner)), process: record.process };
}

function limitOf(limitGroup: string | undefined, unitGroup: string, appGroup: readonly string[]): MemoryLimit {
  if (limitGroup === undefined) return "host";
  if (limitGroup !== unitGroup && appGroup.some((own) => isWithin(limitGroup, own))) return "app";
  return isWithin(limitGroup, unitGroup) ? "pod" : "slice";
}

/** The group of the unit that a group is in. Only slices are above a unit: a pod may name its own groups like another pod's unit. */
function findUnitGroup(group: string, unit: string): string | undefined {
  const names = group.split("/").slice(1);
  const at = names.findIndex((name) => !name.endsWith(".slice"));
  return names[at] === unit ? `/${names.slice(0, at + 1).join("/")}` : undefined;
}

function isWithin(group: string, parent: string): boolean {
  return group === parent || group.startsWith(`${parent}/`);
}

/**
 * An audit record names the process by its number on the host, which nobody knows any more. So: about the time of the app's end, a
 * process that is or was named as the app's program; without one of these, what all records of that time agree on.
 */
function findForbidden({ app, ended }: AppView, records: readonly SeccompRecord[]): SeccompRecord | undefined {
  const end = ended?.at ?? 0;
  // rkt's own filter kills for calls of other architectures only; all else that kills is the app's isolator.
  const isolated = app.app?.isolators?.some(({ name }) => name.startsWith("os/linux/seccomp-")) ?? false;
  const near = records.filter((record) => record.at > end - EARLIER_MS && record.at < end + LATER_MS && (isolated || isForeign(record)));
  const program = app.app?.exec?.[0] ?? "";
  const name = program.slice(program.lastIndexOf("/") + 1).slice(0, 15);
  const named = near.find((record) => program !== "" && (record.program === program || record.process === name));
  if (named !== undefined) return named;
  const [first] = near;
  return near.every(({ architecture, call }) => architecture === first?.architecture && call === first.call) ? first : undefined;
}
