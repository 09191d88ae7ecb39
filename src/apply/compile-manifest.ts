import type { AcIdentifier } from "../base/id.ts";
import type { AppDescription } from "../pod/engine.ts";
import type { Annotation, AppSection, PodManifest, PodVolume, RuntimeApp } from "../spec/appc.ts";
import { type AppStreams, streamAnnotationPrefix } from "../spec/app-streams.ts";
import type { AppDeclaration, DeclaredVolume, PodDeclaration } from "../spec/declaration.ts";
import type { AppWithImage } from "./app-with-image.ts";
import { appSectionOf } from "./describe-app.ts";

const acVersion = "0.8.11";

/**
 * The appc pod manifest of a declared pod, as `rkt cat-manifest` prints it. What appc has no word for stands in annotations
 * `coreos.com/rkt/…` of the pod and its apps, so that the manifest says everything the pod file says.
 */
export function compileManifest(
  declaration: PodDeclaration,
  pairs: readonly AppWithImage[],
  { apps, volumes }: { readonly apps: readonly AppDescription[]; readonly volumes: readonly DeclaredVolume[] },
): PodManifest {
  const { pod } = declaration;
  return {
    acKind: "PodManifest",
    acVersion,
    apps: pairs.map((pair, index) => compileApp(pair, apps[index] as AppDescription)),
    ...(volumes.length === 0 ? {} : { volumes: volumes.map(compileVolume) }),
    ...(pod.sysctls.length === 0
      ? {}
      : {
          isolators: [
            { name: "os/unix/sysctl" as AcIdentifier, value: Object.fromEntries(pod.sysctls.map(({ name, value }) => [name, value])) },
          ],
        }),
    ...(pod.ports.length === 0
      ? {}
      : { ports: pod.ports.map(({ name, hostPort, hostIP }) => ({ name, hostPort, ...(hostIP === undefined ? {} : { hostIP }) })) }),
    annotations: podAnnotations(declaration),
    ...(Object.keys(pod.annotations).length === 0 ? {} : { userAnnotations: pod.annotations }),
    ...(Object.keys(pod.labels).length === 0 ? {} : { userLabels: pod.labels }),
  };
}

function compileApp({ app, rendered }: AppWithImage, description: AppDescription): RuntimeApp {
  const { image } = rendered;
  return {
    name: app.name,
    image: { id: image.id, name: image.name, labels: image.labels },
    app: compileSection(appSectionOf(image.manifest, app), app, description),
    readOnlyRootFS: description.readOnlyRootFS,
    mounts: description.mounts.map(({ volume, path }) => ({ volume, path })),
    annotations: appAnnotations(app, description),
  };
}

function compileSection(section: AppSection, app: AppDeclaration, description: AppDescription): AppSection {
  const annotations = { ...section.userAnnotations, ...app.annotations };
  const labels = { ...section.userLabels, ...app.labels };
  return {
    ...section,
    exec: description.exec,
    user: String(description.uid),
    group: String(description.gid),
    supplementaryGIDs: description.supplementaryGids,
    workingDirectory: description.workingDirectory,
    environment: description.environment,
    isolators: description.isolators,
    ...(Object.keys(annotations).length === 0 ? {} : { userAnnotations: annotations }),
    ...(Object.keys(labels).length === 0 ? {} : { userLabels: labels }),
  };
}

function compileVolume(volume: DeclaredVolume): PodVolume {
  const { origin: _origin, unsafe: _unsafe, ...rest } = volume;
  return rest;
}

function podAnnotations({ name, pod, sockets }: PodDeclaration): Annotation[] {
  return annotationsOf("pod", {
    name,
    stage1: pod.stage1,
    job: pod.job ? "true" : undefined,
    net: pod.net.join(",") || undefined,
    hostname: pod.hostname,
    "journal-max-use": String(pod.journalMaxUse),
    devices: pod.devices.map(({ path, access }) => `${path}:${access}`).join(" ") || undefined,
    sockets:
      sockets.map((socket) => `${socket.name}=${socket.app}:${socket.listen.map((item) => item.address).join("+")}`).join(" ") || undefined,
  });
}

function appAnnotations(app: AppDeclaration, description: AppDescription): Annotation[] {
  const named = {
    restart: description.restart === "no" ? undefined : description.restart,
    output: description.output,
    notify: description.notify ? "true" : undefined,
    "stop-signal": description.stopSignal,
    after: description.after.join(" ") || undefined,
    requires: description.requires.join(" ") || undefined,
  };
  const directives = app.directives.map((entry) => [`directive/${entry.key.toLowerCase()}`, entry.value] as const);
  return [...annotationsOf("app", { ...named, ...Object.fromEntries(directives) }), ...streamAnnotations(description.streams)];
}

/** As the original notes them. */
function streamAnnotations(streams: AppStreams | undefined): Annotation[] {
  return Object.entries(streams ?? {}).map(([name, value]) => ({ name: `${streamAnnotationPrefix}${name}` as AcIdentifier, value }));
}

function annotationsOf(kind: string, values: Readonly<Record<string, string | undefined>>): Annotation[] {
  return Object.entries(values).flatMap(([name, value]) =>
    value === undefined ? [] : [{ name: `coreos.com/rkt/${kind}/${name}` as AcIdentifier, value }],
  );
}
