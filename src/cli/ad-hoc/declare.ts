import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { parseAcName, parsePodName, sanitizeAcName } from "../../base/id.ts";
import type { ImageManifest } from "../../spec/appc.ts";
import type { AppDeclaration, PodDeclaration } from "../../spec/declaration.ts";
import { declarePod } from "../../spec/declare-pod.ts";
import type { RequestedApp, RunRequest } from "./request.ts";

export interface RequestFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Where errors say that a value stands. */
const origin = { path: "rkt run", line: 1 };

/** The pod that a request means, once its images are there. Its name is a placeholder: ad-hoc pods have none. */
export function declareRequest(
  request: RunRequest,
  images: readonly { readonly name: string; readonly manifest: ImageManifest }[],
  _facts: RequestFacts,
): PodDeclaration {
  const { pod } = request;
  const apps = request.apps.map((app, index) => declareApp(request, app, images[index]?.name ?? ""));
  const twice = apps.find((app, index) => apps.findIndex((other) => other.name === app.name) !== index);
  if (twice !== undefined)
    throw new RktError("app-name-taken", `Cannot run two apps of the name ${quoteText(twice.name)}`, {
      hint: "Give one of them another with --name",
    });
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
      net: pod.net,
      netOrigin: origin,
      ports: pod.ports.map((port) => ({ ...port, origin })),
      volumes: pod.volumes.map((volume) => ({ ...volume, origin })),
      privateUsers: pod.privateUsers,
      privateUsersOrigin: origin,
      ...(pod.hostname === undefined ? {} : { hostname: pod.hostname }),
    },
  };
}

function declareApp(request: RunRequest, app: RequestedApp, image: string): AppDeclaration {
  return {
    name: app.name === undefined ? sanitizeAcName(image.slice(image.lastIndexOf("/") + 1)) : parseAcName(app.name),
    origin,
    image: app.image,
    imageOrigin: origin,
    pull: app.pull,
    ...(app.exec === undefined ? {} : { exec: [app.exec] }),
    ...(app.args === undefined ? {} : { args: app.args }),
    environment: request.pod.environment,
    environmentFiles: [],
    ...(app.user === undefined ? {} : { user: app.user }),
    ...(app.group === undefined ? {} : { group: app.group }),
    supplementaryGroups: [],
    mounts: request.pod.mounts.map((mount) => ({ ...mount, origin })),
    isolators: [],
    directives: [],
    credentials: [],
    notify: "image",
    output: "auto",
    after: [],
    requires: [],
    restart: "no",
    annotations: {},
    labels: {},
  };
}
