import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";
import type { PlanDigest } from "../base/id.ts";
import type { GenerationRecord } from "./record.ts";
import { labelOf, listPods, readPodGeneration } from "./pod.ts";

/** Images that some generation of a pod refers to: id → names or UUIDs of the pods. What is in here must stay in the store. */
export function imagesInUse(host: Host, dataDir: string): ReadonlyMap<string, readonly string[]> {
  const dirs = { dataDir, runDir: "/run/rkt" };
  const users = new Map<string, string[]>();
  for (const pod of listPods(host, dirs, rethrow)) {
    for (const digest of generationsOf(host, pod.directory)) {
      for (const { id } of imagesOf(tryReadPodGeneration(host, pod, digest))) {
        const names = users.get(id) ?? [];
        if (!names.includes(labelOf(pod))) users.set(id, [...names, labelOf(pod)]);
      }
    }
  }
  return users;
}

/** The apps' images with what they depend on, and that of the stage1. */
function imagesOf(
  record: Pick<GenerationRecord, "images" | "stage1"> | undefined,
): readonly Pick<GenerationRecord["images"][number], "id" | "name">[] {
  return [...(record?.images ?? []), ...(record?.stage1 === undefined ? [] : [record.stage1])];
}

/** Digests of the whole generations of a pod's directory. */
export function generationsOf(host: Host, directory: string): string[] {
  return host.files.tryList(`${directory}/gen`).filter((entry) => /^[0-9a-f]{64}$/.test(entry));
}

/** undefined for the directory of a generation that is being made, or was left half made: it has no record. */
export function tryReadPodGeneration(host: Host, pod: { readonly directory: string }, digest: string): GenerationRecord | undefined {
  try {
    return readPodGeneration(host, pod, digest as PlanDigest);
  } catch (error) {
    if (errno(error) === "ENOENT") return undefined;
    throw error;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
