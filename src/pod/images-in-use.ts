import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";
import type { PlanDigest } from "../base/id.ts";
import { labelOf, listPods, readPodGeneration } from "./pod.ts";

/** Images that some generation of a pod refers to: id → names or UUIDs of the pods. What is in here must stay in the store. */
export function imagesInUse(host: Host, dataDir: string): ReadonlyMap<string, readonly string[]> {
  const dirs = { dataDir, runDir: "/run/rkt" };
  const users = new Map<string, string[]>();
  for (const pod of listPods(host, dirs, rethrow)) {
    for (const digest of generationsOf(host, pod.directory)) {
      for (const image of imagesOf(host, pod, digest as PlanDigest)) {
        const names = users.get(image) ?? [];
        if (!names.includes(labelOf(pod))) users.set(image, [...names, labelOf(pod)]);
      }
    }
  }
  return users;
}

/** Digests of the whole generations of a pod's directory. */
export function generationsOf(host: Host, directory: string): string[] {
  return host.files.tryList(`${directory}/gen`).filter((entry) => /^[0-9a-f]{64}$/.test(entry));
}

function imagesOf(host: Host, pod: { readonly directory: string }, digest: PlanDigest): string[] {
  try {
    return readPodGeneration(host, pod, digest).images.map((image) => image.id);
  } catch (error) {
    if (errno(error) === "ENOENT") return [];
    throw error;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
