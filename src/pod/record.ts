import { RktError } from "../base/error.ts";
import type { ImageId, PlanDigest } from "../base/id.ts";
import { quoteText } from "../base/escape.ts";
import type { PodManifest } from "../spec/appc.ts";
import type { PodNetwork } from "../spec/network.ts";
import { canonicalJson } from "../base/json.ts";
import type { SocketDescription } from "./engine.ts";

/**
 * The commit record of a named pod: its rename is the commit of an apply. Everything outside the pod's directory
 * (drop-in, sockets, verdict) follows from it and is rolled forward by the next command or the next boot.
 */
export interface CommitRecord {
  readonly format: 1;
  /** undefined: the pod is not applied any more; its data and UUID are kept. */
  readonly generation?: PlanDigest;
  /** What `rkt pod rollback` goes back to. */
  readonly previous?: PlanDigest;
  /** What the generation was planned from; tells "out of date". Empty after a rollback. */
  readonly inputs: readonly PlanInput[];
}

/** A file that a plan was made from. */
export interface PlanInput {
  readonly path: string;
  /** Of what it held, lower-case hex. */
  readonly sha256: string;
}

/** `plan.json` of a generation: what other commands need to know of it without planning again. */
export interface GenerationRecord {
  /** Version of the generation's layout. A later rkt keeps starting what an earlier one made: the units hold all that a start needs. */
  readonly format: number;
  /** rkt that made it. */
  readonly version: string;
  readonly engine: string;
  /** The engine plan's: "cgroup" for a pod without lock, machine and journal of its own. */
  readonly liveness?: "cgroup" | "sibling";
  /** Of each app: its image, and those that this one depends on. */
  readonly images: readonly { readonly app: string; readonly id: ImageId; readonly name: string; readonly version?: string }[];
  /** The image that the engine's own files are of, where it is not the host's. */
  readonly stage1?: { readonly id: ImageId; readonly name: string; readonly version?: string };
  /** Trees of the store that the pod mounts, absolute. */
  readonly layers: readonly string[];
  /** The same by app, topmost first. */
  readonly appLayers: Readonly<Record<string, readonly string[]>>;
  /** Files that a virtual machine is made of, absolute; others may be made of them too. */
  readonly machineFiles?: readonly string[];
  /** The writable layers hold whole trees, with nothing below them. */
  readonly copyTrees?: true;
  /** App → why its program cannot be executed, where the image tells. */
  readonly faults?: Readonly<Record<string, string>>;
  /** Host units besides the drop-in: file below `units/` = unit name. */
  readonly sockets: readonly string[];
  /** Where the host listens for them. Absent without sockets, and in generations of earlier versions. */
  readonly listening?: readonly Pick<SocketDescription, "name" | "listen" | "options">[];
  /** Services that carry the sockets' connections. */
  readonly proxies?: readonly string[];
  /** As `rkt list` shows them: `host`, `default:ip4=172.16.28.2`. */
  readonly networks: readonly string[];
  /** With addresses and ports, where the pod has a namespace of its own. */
  readonly network?: PodNetwork;
}

export function serializeRecord(record: CommitRecord | GenerationRecord): string {
  return `${canonicalJson(record)}\n`;
}

export function parseCommitRecord(text: string, path: string): CommitRecord {
  const value = parseObject(text, path);
  const generation = digestOf(value["generation"]);
  const previous = digestOf(value["previous"]);
  const inputs = Array.isArray(value["inputs"]) ? value["inputs"].filter(isInput) : [];
  return { format: 1, inputs, ...(generation === undefined ? {} : { generation }), ...(previous === undefined ? {} : { previous }) };
}

export function parseGenerationRecord(text: string, path: string): GenerationRecord {
  const value = parseObject(text, path);
  if (typeof value["format"] !== "number" || !Array.isArray(value["images"]) || !Array.isArray(value["sockets"])) {
    throw new RktError("record-invalid", `Cannot read ${quoteText(path)}: it is no record of a generation`);
  }
  return { layers: [], appLayers: {}, networks: [], ...value } as unknown as GenerationRecord;
}

/** A manifest that rkt has checked and written itself, into a directory that is root's: it is not checked again. */
export function parseStoredManifest(text: string, path: string): PodManifest {
  const value = parseObject(text, path);
  if (!Array.isArray(value["apps"])) throw new RktError("record-invalid", `Cannot read ${quoteText(path)}: it is no pod manifest`);
  return value as unknown as PodManifest;
}

function isInput(value: unknown): value is PlanInput {
  return (
    typeof value === "object" &&
    value !== null &&
    "path" in value &&
    "sha256" in value &&
    typeof value.path === "string" &&
    typeof value.sha256 === "string"
  );
}

function digestOf(value: unknown): PlanDigest | undefined {
  return typeof value === "string" && /^[0-9a-f]{64}$/.test(value) ? (value as PlanDigest) : undefined;
}

function parseObject(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Record<string, unknown>;
  } catch (cause) {
    throw new RktError("record-invalid", `Cannot read ${quoteText(path)}: it is not JSON`, { cause });
  }
  throw new RktError("record-invalid", `Cannot read ${quoteText(path)}: it holds no object`);
}
