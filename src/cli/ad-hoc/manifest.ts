import { messageOf, RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import { readStreamAnnotations } from "../../spec/app-streams.ts";
import type { PodManifest, RuntimeApp } from "../../spec/appc.ts";
import { parsePodManifest } from "../../spec/pod-manifest.ts";
import type { Given } from "./line.ts";
import type { RequestedApp, RequestedPod } from "./request.ts";

/** What a pod manifest says of the apps; the rest is the command line's. */
export type RequestedManifest = Pick<RequestedPod, "volumes" | "ports" | "annotations" | "labels"> & {
  readonly apps: readonly RequestedApp[];
};

/** Options that would say twice what the manifest says. */
const conflicting = ["volume", "mount", "port", "pull-policy", "store-only", "no-store", "set-env", "set-env-file", "inherit-env"];

const largestManifest = 4 << 20;

/** `--pod-manifest`: apps by the ID of an image of the store. Throws `usage`, `manifest-invalid`, `pod-manifest`. */
export function readManifestRequest(host: Pick<Host, "files">, path: string, given: Given): RequestedManifest {
  const conflict = conflicting.find((name) => given.has(name));
  if (conflict !== undefined)
    throw new RktError("usage", `Cannot use --${conflict} together with --pod-manifest: conflicting flags set with --pod-manifest`);
  const manifest = readManifest(host, path);
  const [isolator] = manifest.isolators ?? [];
  if (isolator !== undefined)
    throw new RktError(
      "pod-manifest",
      `Cannot run ${quoteText(path)}: isolators of a whole pod, as ${quoteText(isolator.name)}, are not there for rkt run`,
      {
        hint: "Declare the pod in a .pod file",
      },
    );
  if (manifest.apps.length === 0) throw new RktError("pod-manifest", `Cannot run ${quoteText(path)}: it has no app`);
  const far = manifest.ports?.find(({ podPort }) => podPort !== undefined);
  if (far !== undefined)
    throw new RktError("pod-manifest", `Cannot run ${quoteText(path)}: podPort of port ${quoteText(far.name)} is not there for rkt run`, {
      hint: "Let the app's section name the port that the app listens at",
    });
  return {
    apps: manifest.apps.map(requestApp),
    volumes: manifest.volumes ?? [],
    ports: manifest.ports ?? [],
    annotations: manifest.userAnnotations ?? {},
    labels: manifest.userLabels ?? {},
  };
}

function readManifest(host: Pick<Host, "files">, path: string): PodManifest {
  const where = `Cannot read pod manifest ${quoteText(path)}`;
  const stat = host.files.tryStat(path);
  if (stat === undefined) throw new RktError("pod-manifest", `${where}: it does not exist`);
  if (stat.type !== "file" || stat.size > largestManifest) throw new RktError("pod-manifest", `${where}: it is no file of at most 4 MiB`);
  try {
    return parsePodManifest(host.files.readText(path));
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    throw new RktError("manifest-invalid", `${where}: ${messageOf(error)}`, { cause: error });
  }
}

/** The manifest's app section, where there is one, stands for the image's: nothing of that is left. */
function requestApp({ name, image, app, mounts, readOnlyRootFS, annotations }: RuntimeApp): RequestedApp {
  const streams = readStreamAnnotations(annotations);
  return {
    image: image.id,
    pull: "never",
    name,
    ...(app === undefined ? {} : { section: app }),
    ...(readOnlyRootFS === undefined ? {} : { readOnlyRootFS }),
    ...(streams === undefined ? {} : { streams }),
    supplementaryGroups: [],
    environment: [],
    mounts: mounts ?? [],
    isolators: [],
    annotations: {},
    labels: {},
  };
}
