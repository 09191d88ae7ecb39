import type { MountSpec, VolumeSpec } from "../../spec/volume.ts";
import type { PodPort } from "../../spec/appc.ts";

/** What a command line of `run` or `prepare` asked for: plain data, which `prepare` stores. */
export interface RunRequest {
  /** One per image, in order. */
  readonly apps: readonly RequestedApp[];
  readonly pod: RequestedPod;
  readonly interactive: boolean;
  /** Words of `--insecure-options`, groups resolved. */
  readonly insecure: readonly string[];
}

export interface RequestedPod {
  readonly net: readonly string[];
  readonly ports: readonly PodPort[];
  readonly volumes: readonly VolumeSpec[];
  readonly mounts: readonly MountSpec[];
  readonly hostname?: string;
  readonly privateUsers: boolean;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
}

export interface RequestedApp {
  /** As written. */
  readonly image: string;
  readonly pull: "new" | "never" | "update";
  /** File with the image's signature. */
  readonly signature?: string;
  readonly name?: string;
  readonly exec?: string;
  readonly args?: readonly string[];
  readonly user?: string;
  readonly group?: string;
}
