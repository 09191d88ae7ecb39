import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { NamedPod } from "./named.ts";
import { listNamedPods } from "./named.ts";
import { tryUuid } from "../base/id.ts";
import { labelOf, listPods, type Pod, readPod } from "./pod.ts";
import type { PodDirectories } from "./paths.ts";

/**
 * The pod that a command's argument names: a pod's name, its UUID, or a prefix of one UUID. A name wins over a prefix.
 * Errors: `pod-not-found`, `pod-ambiguous` (with the candidates), `pod-empty`.
 */
export function findPod(host: Host, dirs: PodDirectories, text: string): Pod {
  const uuid = tryUuid(text);
  // With thousands of pods, looking at one costs what it costs with one.
  const known = uuid === undefined ? undefined : readPod(host, dirs, uuid);
  return known ?? choose(listPods(host, dirs), text);
}

/** The same among the named pods. */
export function findNamedPod(host: Host, dirs: PodDirectories, text: string): NamedPod {
  return choose(listNamedPods(host, dirs), text);
}

function choose<T extends Pod>(pods: readonly T[], text: string): T {
  if (text === "") throw new RktError("pod-empty", "Cannot find a pod: UUID cannot be empty");
  const named = pods.find((pod) => pod.name === text);
  if (named !== undefined) return named;
  const prefix = text.toLowerCase();
  const matches = /^[0-9a-f-]+$/.test(prefix)
    ? pods.filter((pod) => pod.uuid.startsWith(prefix) || pod.uuid.replaceAll("-", "").startsWith(prefix))
    : [];
  const [match] = matches;
  if (match !== undefined && matches.length === 1) return match;
  if (matches.length === 0) {
    throw new RktError("pod-not-found", `Cannot find pod ${quoteText(text)}: no matches found for it`, {
      hint: `"rkt list" and "rkt pod list" show the pods`,
    });
  }
  const candidates = matches.map((pod) => (pod.name === undefined ? pod.uuid : `${pod.uuid} (${labelOf(pod)})`)).join(", ");
  throw new RktError("pod-ambiguous", `Cannot find pod ${quoteText(text)}: it is ambiguous`, { hint: `It matches ${candidates}` });
}
