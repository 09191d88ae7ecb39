import { generationsOf, imagesInUse, tryReadPodGeneration } from "../pod/images-in-use.ts";
import { labelOf, listPods, type Pod } from "../pod/pod.ts";
import type { Context } from "./context.ts";
import { dirsOf } from "./pod-view.ts";

/** Image ID → names of the pods that need it: as an app's image, or because their generations mount its tree as a dependency's. */
export function listKeptImages(context: Context): ReadonlyMap<string, readonly string[]> {
  const kept = new Map(imagesInUse(context.host, context.paths.dataDir));
  const pods = listPods(context.host, dirsOf(context), (error) => {
    throw error;
  });
  for (const pod of pods) {
    for (const layer of layersOf(context, pod)) {
      // A tree's name begins with the ID of the image that it was rendered from.
      const id = /\/(sha512-[0-9a-f]{128})[^/]*\/rootfs$/.exec(layer)?.[1];
      if (id !== undefined && !(kept.get(id) ?? []).includes(labelOf(pod))) kept.set(id, [...(kept.get(id) ?? []), labelOf(pod)]);
    }
  }
  return kept;
}

/** Paths of the trees that some generation mounts. */
export function listKeptTrees(context: Context): ReadonlySet<string> {
  const pods = listPods(context.host, dirsOf(context), (error) => {
    throw error;
  });
  return new Set(pods.flatMap((pod) => layersOf(context, pod)));
}

function layersOf(context: Context, pod: Pod): string[] {
  return generationsOf(context.host, pod.directory).flatMap((digest) => tryReadPodGeneration(context.host, pod, digest)?.layers ?? []);
}
