import type { PodManifest, RuntimeApp } from "../spec/appc.ts";

/**
 * What members of group rkt may know of a pod, who read lists and nothing else: no environment, no command line, no annotation but
 * the user's, since those may hold secrets.
 */
export function listedManifest(manifest: PodManifest): PodManifest {
  const { annotations: _annotations, isolators: _isolators, apps, ...rest } = manifest;
  return { ...rest, apps: apps.map(listedApp) };
}

function listedApp({ annotations: _annotations, app, ...rest }: RuntimeApp): RuntimeApp {
  if (app === undefined) return rest;
  const { user, group, userAnnotations, userLabels } = app;
  return {
    ...rest,
    app: {
      exec: [],
      user,
      group,
      ...(userAnnotations === undefined ? {} : { userAnnotations }),
      ...(userLabels === undefined ? {} : { userLabels }),
    },
  };
}
