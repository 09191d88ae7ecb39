import type { AppStreams } from "../../spec/app-streams.ts";
import type { AppSection, Isolator, PodPort, PodVolume } from "../../spec/appc.ts";
import type { MountSpec, VolumeSpec } from "../../spec/volume.ts";

/** What a command line of `run` or `prepare` asked for: plain data, which `prepare` stores. */
export interface RunRequest {
  /** One per image, in order. */
  readonly apps: readonly RequestedApp[];
  readonly pod: RequestedPod;
  /** false: trees are copied instead of laid over one another. */
  readonly overlay: boolean;
  readonly interactive: boolean;
  /** Words of `--insecure-options`, groups resolved. */
  readonly insecure: readonly string[];
}

export interface Variable {
  readonly name: string;
  readonly value: string;
}

export interface RequestedPod {
  /** As `Stage1=`: an engine, or an image; of a prepared pod the ID of one. */
  readonly stage1: string;
  readonly net: readonly string[];
  readonly ports: readonly PodPort[];
  readonly volumes: readonly (VolumeSpec | PodVolume)[];
  /** Of the whole pod. */
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** For every app; one of its own for the same path wins. */
  readonly mounts: readonly MountSpec[];
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly dnsDomain?: string;
  readonly hostsEntry: readonly string[];
  readonly hostname?: string;
  readonly privateUsers: boolean;
  /** Of this process, for names that neither image nor app has. */
  readonly inherited: readonly Variable[];
  /** --set-env-file, then --set-env: over everything else. */
  readonly environment: readonly Variable[];
}

export interface RequestedApp {
  /** As written. */
  readonly image: string;
  readonly pull: "new" | "never" | "update";
  /** File with the image's signature. */
  readonly signature?: string;
  readonly name?: string;
  readonly exec?: string;
  /** Appended to what the image, or `exec`, runs. */
  readonly args?: readonly string[];
  readonly user?: string;
  readonly group?: string;
  readonly supplementaryGroups: readonly string[];
  readonly workingDirectory?: string;
  readonly readOnlyRootFS?: boolean;
  readonly environment: readonly Variable[];
  readonly mounts: readonly MountSpec[];
  /** Replace the image's of the same names. */
  readonly isolators: readonly Isolator[];
  readonly annotations: Readonly<Record<string, string>>;
  readonly labels: Readonly<Record<string, string>>;
  /** --stdin, --stdout, --stderr. Absent: the usual ones. */
  readonly streams?: AppStreams;
  /** Of a pod manifest: stands for the image's. */
  readonly section?: AppSection;
}
