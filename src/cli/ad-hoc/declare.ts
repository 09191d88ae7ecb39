import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { parseAcName, parsePodName, sanitizeAcName } from "../../base/id.ts";
import type { ImageManifest } from "../../spec/appc.ts";
import type { AppDeclaration, PodDeclaration } from "../../spec/declaration.ts";
import { declarePod } from "../../spec/declare-pod.ts";
import type { RequestedApp, RunRequest, Variable } from "./request.ts";

/** Where values of a command line stand: nowhere in a file, so errors say no place. */
const origin = { path: "", line: 0 };

/** The pod that a request means, once its images are there. Its name is a placeholder: ad-hoc pods have none. */
export function declareRequest(
  request: RunRequest,
  images: readonly { readonly name: string; readonly manifest: ImageManifest }[],
): PodDeclaration {
  const { pod } = request;
  const apps = request.apps.map((app, index) => declareApp(request, app, images[index] as (typeof images)[number]));
  const twice = apps.find((app, index) => apps.findIndex((other) => other.name === app.name) !== index);
  if (twice !== undefined)
    throw new RktError("app-name-taken", `Cannot run two apps of the name ${quoteText(twice.name)}`, {
      hint: "Give one of them another with --name",
    });
  const volume = pod.volumes.find(({ name }, index) => pod.volumes.findIndex((other) => other.name === name) !== index);
  if (volume !== undefined)
    throw new RktError("usage", `Cannot use two volumes of the name ${quoteText(volume.name)}`, { hint: "Give one of them another name" });
  const stranger = apps.flatMap((app) => app.mounts).find((mount) => !pod.volumes.some((volume) => volume.name === mount.volume));
  if (stranger !== undefined)
    throw new RktError("volume-unknown", `Cannot mount volume ${quoteText(stranger.volume)}: no --volume is of that name`);
  const state = pod.volumes.find((volume) => volume.kind === "state");
  if (state !== undefined)
    throw new RktError("volume-state", `Cannot use volume ${quoteText(state.name)}: only a named pod keeps volumes of kind "state"`, {
      hint: "Use kind=host with a source, or declare the pod in a .pod file",
    });
  const names = pod.dns.length + pod.dnsSearch.length + pod.dnsOption.length + pod.hostsEntry.length > 0 || pod.dnsDomain !== undefined;
  return {
    name: parsePodName("ad-hoc"),
    paths: [],
    unit: [],
    install: [],
    service: [],
    sockets: [],
    warnings: [],
    apps,
    pod: {
      ...declarePod(undefined, { problems: [], warnings: [] }),
      stage1: pod.stage1,
      stage1Origin: origin,
      net: pod.net,
      netOrigin: origin,
      ports: pod.ports.map((port) => ({ ...port, origin })),
      // What a path leads to is pinned now; whoever types it answers for it.
      volumes: pod.volumes.map((volume) => ({ ...volume, unsafe: true, origin })),
      dns: pod.dns,
      dnsSearch: pod.dnsSearch,
      dnsOption: pod.dnsOption,
      ...(pod.dnsDomain === undefined ? {} : { dnsDomain: pod.dnsDomain }),
      hostsEntry: pod.hostsEntry,
      ...(names ? { dnsOrigin: origin } : {}),
      ...(pod.hostname === undefined ? {} : { hostname: pod.hostname }),
      annotations: pod.annotations,
      labels: pod.labels,
      privateUsers: pod.privateUsers,
      privateUsersOrigin: origin,
    },
  };
}

function declareApp(
  request: RunRequest,
  app: RequestedApp,
  image: { readonly name: string; readonly manifest: ImageManifest },
): AppDeclaration {
  const own = new Set(app.mounts.map((mount) => mount.path));
  const exec = [...(app.exec === undefined ? (image.manifest.app?.exec ?? []) : [app.exec]), ...(app.args ?? [])];
  return {
    name: app.name === undefined ? sanitizeAcName(image.name.slice(image.name.lastIndexOf("/") + 1)) : parseAcName(app.name),
    origin,
    image: app.image,
    imageOrigin: origin,
    pull: app.pull,
    ...((app.exec === undefined && app.args === undefined) || exec.length === 0 ? {} : { exec }),
    environment: composeVariables(request, app, image.manifest),
    environmentFiles: [],
    ...(app.user === undefined ? {} : { user: app.user }),
    ...(app.group === undefined ? {} : { group: app.group }),
    supplementaryGroups: app.supplementaryGroups,
    ...(app.workingDirectory === undefined ? {} : { workingDirectory: app.workingDirectory }),
    mounts: [...app.mounts, ...request.pod.mounts.filter((mount) => !own.has(mount.path))].map((mount) => ({ ...mount, origin })),
    ...(app.readOnlyRootFS === undefined ? {} : { readOnlyRootFS: app.readOnlyRootFS }),
    isolators: app.isolators,
    directives: [],
    credentials: [],
    notify: "image",
    output: "auto",
    ...(app.streams === undefined ? {} : { streams: app.streams }),
    after: [],
    requires: [],
    restart: "no",
    annotations: app.annotations,
    labels: app.labels,
  };
}

/** Over the image's: --environment, inherited ones that are lacking, --set-env-file, --set-env. */
function composeVariables({ pod }: RunRequest, app: RequestedApp, manifest: ImageManifest): Variable[] {
  const known = new Set([...(manifest.app?.environment ?? []), ...app.environment].map((variable) => variable.name));
  const variables = [...pod.inherited.filter((variable) => !known.has(variable.name)), ...app.environment, ...pod.environment];
  return [...new Map(variables.map((variable) => [variable.name, variable])).values()];
}

/** Errors of a .pod file begin with its path and line; a command line has neither. */
export function withoutPlace<T>(action: () => T): T {
  try {
    return action();
  } catch (error) {
    if (!(error instanceof RktError) || !error.message.startsWith(":0: ")) throw error;
    throw new RktError(error.code, error.message.slice(":0: ".length), {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
