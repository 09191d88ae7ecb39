import { emptyVolumePath, stateVolumePath } from "../apply/volumes.ts";
import type { PodVolume } from "../spec/appc.ts";
import type { Context } from "./context.ts";
import type { AppView, PodView } from "./pod-view.ts";
import { explainResult } from "../pod/explain-end.ts";
import type { LastRun } from "../pod/named.ts";
import { unitOf } from "../pod/pod.ts";
import { networksJson } from "./network-json.ts";
import { exitCodeOf } from "./pod-view.ts";

/** A pod as the original printed it (`list`, `status` with --format=json), extended by what named pods have. Unknown fields are left out. */
export function podJson(context: Context, view: PodView): Record<string, unknown> {
  const { pod, started, last } = view;
  return {
    name: pod.uuid,
    state: view.state,
    ...(pod.name === undefined ? {} : { pod_name: pod.name }),
    ...(view.isMachine ? { machine: `rkt-${pod.uuid}` } : {}),
    unit: unitOf(context.host, pod),
    ...(view.networks.length === 0 ? {} : { networks: networksJson(view) }),
    app_names: view.apps.map(({ app }) => app.name),
    apps: view.apps.map((app) => appJson(context, view, app)),
    created_at: Math.floor(pod.createdAt / 1000),
    ...(started === undefined ? {} : { started_at: Math.floor(started.startedAt / 1000) }),
    ...(last === undefined
      ? {}
      : {
          last_run: {
            ...reasonOf(view, last),
            result: last.result,
            // "-" where no process of the pod was started.
            ...(/^[a-z]/.test(last.code) ? { code: last.code, status: last.status } : {}),
            ended_at: Math.floor(last.endedAt / 1000),
          },
        }),
    ...(pod.commit.generation === undefined ? {} : { generation: pod.commit.generation }),
    ...(view.manifest?.userAnnotations === undefined ? {} : { user_annotations: view.manifest.userAnnotations }),
    ...(view.manifest?.userLabels === undefined ? {} : { user_labels: view.manifest.userLabels }),
  };
}

function appJson(context: Context, view: PodView, { app, state, ended, reason }: AppView): Record<string, unknown> {
  const volumes = new Map((view.manifest?.volumes ?? []).map((volume) => [volume.name, volume]));
  const mounts = (app.mounts ?? []).map((mount) => {
    const volume = volumes.get(mount.volume);
    const path = volume === undefined ? undefined : hostPath(context, view, volume);
    return {
      name: mount.volume,
      container_path: mount.path,
      ...(path === undefined ? {} : { host_path: path }),
      read_only: volume?.readOnly ?? false,
    };
  });
  return {
    name: app.name,
    state,
    created_at: nanoseconds(view.pod.createdAt),
    ...(view.started === undefined ? {} : { started_at: nanoseconds(view.started.startedAt) }),
    ...(ended === undefined ? {} : { finished_at: nanoseconds(Math.max(0, ended.at)), exit_code: exitCodeOf(ended) }),
    ...(reason === undefined ? {} : { reason }),
    image_id: app.image.id,
    ...(mounts.length === 0 ? {} : { mounts }),
    ...(app.app?.userAnnotations === undefined ? {} : { user_annotations: app.app.userAnnotations }),
    ...(app.app?.userLabels === undefined ? {} : { user_labels: app.app.userLabels }),
  };
}

/** Where a volume lies on the host; an empty one only as long as the pod runs. */
function hostPath(context: Context, { pod, state }: PodView, { kind, name, source }: PodVolume): string | undefined {
  if (kind === "state" && pod.name !== undefined) return stateVolumePath(context.paths.dataDir, pod.name, name);
  if (kind === "empty") return state === "running" ? emptyVolumePath({ rw: `${pod.directory}/rw` }, name) : undefined;
  return source;
}

/** Nanoseconds since the epoch; JSON numbers hold them to the microsecond. */
function nanoseconds(milliseconds: number): number {
  return Math.round(milliseconds * 1000) * 1000;
}

function reasonOf(view: PodView, { result }: LastRun): { readonly reason?: string } {
  const reason = view.reason ?? explainResult(result);
  return reason === undefined ? {} : { reason };
}
