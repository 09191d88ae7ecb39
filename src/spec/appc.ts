import type { AcIdentifier, AcName, ImageId } from "../base/id.ts";

/** Types of the appc specification 0.8.11; `parseImageManifest` and `parsePodManifest` make them. Keys are the spec's. */
export interface Label {
  readonly name: AcIdentifier;
  readonly value: string;
}

export interface Annotation {
  readonly name: AcIdentifier;
  readonly value: string;
}

export interface Isolator {
  readonly name: AcIdentifier;
  readonly value: unknown;
}

export interface MountPoint {
  readonly name: AcName;
  readonly path: string;
  readonly readOnly?: boolean;
}

export interface ImagePort {
  readonly name: AcName;
  readonly protocol: "tcp" | "udp";
  readonly port: number;
  readonly count?: number;
  readonly socketActivated?: boolean;
}

export interface EventHandler {
  readonly name: "pre-start" | "post-stop";
  readonly exec: readonly string[];
}

/** The `app` section of an image or of a pod manifest's app. */
export interface AppSection {
  readonly exec: readonly string[];
  readonly user: string;
  readonly group: string;
  readonly supplementaryGIDs?: readonly number[];
  readonly workingDirectory?: string;
  readonly eventHandlers?: readonly EventHandler[];
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  readonly mountPoints?: readonly MountPoint[];
  readonly ports?: readonly ImagePort[];
  readonly isolators?: readonly Isolator[];
  readonly userAnnotations?: Readonly<Record<string, string>>;
  readonly userLabels?: Readonly<Record<string, string>>;
}

export interface Dependency {
  readonly imageName: AcIdentifier;
  readonly imageID?: ImageId;
  readonly labels?: readonly Label[];
  readonly size?: number;
}

export interface ImageManifest {
  readonly acKind: "ImageManifest";
  readonly acVersion: string;
  readonly name: AcIdentifier;
  readonly labels?: readonly Label[];
  readonly app?: AppSection;
  readonly dependencies?: readonly Dependency[];
  readonly pathWhitelist?: readonly string[];
  readonly annotations?: readonly Annotation[];
}

export interface PodVolume {
  readonly name: AcName;
  /** `host` and `empty` are appc's; `state` and `tmpfs` are rkt's own (rkt.pod(5)). */
  readonly kind: "host" | "empty" | "state" | "tmpfs";
  readonly source?: string;
  readonly readOnly?: boolean;
  readonly recursive?: boolean;
  /** Octal text, "0755". */
  readonly mode?: string;
  readonly uid?: number;
  readonly gid?: number;
  /** Bytes, tmpfs only. */
  readonly size?: number;
  readonly idmap?: boolean;
}

export interface PodMount {
  readonly volume: AcName;
  readonly path: string;
}

export interface RuntimeApp {
  readonly name: AcName;
  readonly image: { readonly id: ImageId; readonly name?: AcIdentifier; readonly labels?: readonly Label[] };
  readonly app?: AppSection;
  readonly readOnlyRootFS?: boolean;
  readonly mounts?: readonly PodMount[];
  readonly annotations?: readonly Annotation[];
}

export interface PodPort {
  readonly name: AcName;
  readonly hostPort: number;
  readonly hostIP?: string;
  readonly podPort?: ImagePort;
}

export interface PodManifest {
  readonly acKind: "PodManifest";
  readonly acVersion: string;
  readonly apps: readonly RuntimeApp[];
  readonly volumes?: readonly PodVolume[];
  readonly isolators?: readonly Isolator[];
  readonly annotations?: readonly Annotation[];
  readonly ports?: readonly PodPort[];
  readonly userAnnotations?: Readonly<Record<string, string>>;
  readonly userLabels?: Readonly<Record<string, string>>;
}
