import type { Usage } from "../pod/usage.ts";
import { formatSize } from "./output/size.ts";
import type { PodView } from "./pod-view.ts";

/** What a pod, or an app of it, used over an interval. */
export interface Measured {
  readonly usage: Usage;
  /** Of one processor; undefined where it began in between. */
  readonly percent: number | undefined;
}

export interface MeasuredPod {
  readonly view: PodView;
  readonly whole: Measured | undefined;
  readonly apps: readonly { readonly name: string; readonly measured: Measured | undefined }[];
}

/** POD is the last one, as in `rkt list`. */
export const usageHeader = ["UUID", "APP", "CPU", "MEMORY", "TASKS", "READ", "WRITTEN", "POD"];

/** The pod's row, then one for each app. */
export function usageRows({ view, whole, apps }: MeasuredPod): string[][] {
  return [
    [view.pod.uuid.slice(0, 8), "", ...cells(whole), view.pod.name ?? "-"],
    ...apps.map(({ name, measured }) => ["", name, ...cells(measured), ""]),
  ];
}

/** Unknown fields are left out. */
export function usageJson({ view, whole, apps }: MeasuredPod): Record<string, unknown> {
  return {
    name: view.pod.uuid,
    ...(view.pod.name === undefined ? {} : { pod_name: view.pod.name }),
    ...fields(whole),
    apps: apps.map(({ name, measured }) => ({ name, ...fields(measured) })),
  };
}

function cells(measured: Measured | undefined): string[] {
  const size = (bytes: number | undefined): string => (bytes === undefined ? "-" : formatSize(bytes));
  return [
    measured?.percent === undefined ? "-" : `${measured.percent.toFixed(1)}%`,
    size(measured?.usage.memory),
    String(measured?.usage.tasks ?? "-"),
    size(measured?.usage.read),
    size(measured?.usage.written),
  ];
}

function fields(measured: Measured | undefined): Record<string, number | undefined> {
  if (measured === undefined) return {};
  const { usage, percent } = measured;
  return {
    cpu_usage_usec: usage.cpu,
    cpu_percent: percent === undefined ? undefined : Math.round(percent * 10) / 10,
    memory_bytes: usage.memory,
    tasks: usage.tasks,
    io_read_bytes: usage.read,
    io_written_bytes: usage.written,
  };
}
