import { errno } from "../base/error.ts";
import type { Host } from "../host/host.ts";
import { listNamedPods, readGeneration } from "./named.ts";

/** Images that some generation of a named pod refers to: id → names of the pods. What is in here must stay in the store. */
export function imagesInUse(host: Host, dataDir: string): ReadonlyMap<string, readonly string[]> {
  const dirs = { dataDir, runDir: "/run/rkt" };
  const users = new Map<string, string[]>();
  for (const pod of listNamedPods(host, dirs, rethrow)) {
    for (const digest of generationsOf(host, pod.directory)) {
      for (const image of imagesOf(host, dirs, pod, digest)) {
        const names = users.get(image) ?? [];
        if (!names.includes(pod.name)) users.set(image, [...names, pod.name]);
      }
    }
  }
  return users;
}

/** Digests of the whole generations of a pod's directory. */
export function generationsOf(host: Host, directory: string): string[] {
  return host.files.tryList(`${directory}/gen`).filter((entry) => /^[0-9a-f]{64}$/.test(entry));
}

function imagesOf(
  host: Host,
  dirs: Parameters<typeof readGeneration>[1],
  pod: { uuid: Parameters<typeof readGeneration>[2] },
  digest: string,
): string[] {
  try {
    const record = readGeneration(host, dirs, pod.uuid, digest as Parameters<typeof readGeneration>[3]);
    return record.images.map((image) => image.id);
  } catch (error) {
    if (errno(error) === "ENOENT") return [];
    throw error;
  }
}

function rethrow(error: unknown): never {
  throw error;
}
