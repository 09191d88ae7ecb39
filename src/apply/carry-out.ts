import { randomBytes } from "node:crypto";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { PodName, Uuid } from "../base/id.ts";
import { parseUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";
import type { PlanFile } from "../pod/engine.ts";
import { podDirectory, namedDirectory } from "../pod/paths.ts";
import type { PodDirectories } from "../pod/paths.ts";
import type { CommitRecord, PlanInput } from "../pod/record.ts";
import { serializeRecord } from "../pod/record.ts";
import type { PodPlan } from "./plan-pod.ts";

/** Makes the directory of a new named pod; it becomes visible by one rename. The pod is not applied by that. */
export function createPodDirectory(host: Host, dirs: PodDirectories, name: PodName, uuid: Uuid): void {
  const parent = namedDirectory(dirs);
  const draft = `${parent}/.new-${uuid}`;
  host.files.mkdir(parent, { recursive: true, mode: 0o2750 });
  host.files.removeTree(draft);
  host.files.mkdir(draft, { mode: 0o2750 });
  host.files.write(`${draft}/name`, `${name}\n`, { mode: 0o640 });
  host.files.write(`${draft}/pod-created`, "", { mode: 0o640 });
  host.files.mkdir(`${draft}/gen`, { mode: 0o2750 });
  host.files.syncFileSystem(draft);
  host.files.rename(draft, podDirectory(dirs, uuid));
  host.files.sync(parent);
}

/** A random version 4 UUID (RFC 9562). */
export function makeUuid(): Uuid {
  const bytes = randomBytes(16);
  bytes.writeUInt8((bytes.readUInt8(6) & 0x0f) | 0x40, 6);
  bytes.writeUInt8((bytes.readUInt8(8) & 0x3f) | 0x80, 8);
  return parseUuid(bytes.toString("hex"));
}

/**
 * Writes the generation: whole under its final name, or not at all. An existing one has this very content, since its
 * name is the digest of it. Also makes the state volumes, which are never taken away.
 */
export function writeGeneration(host: Host, dirs: PodDirectories, plan: PodPlan): "written" | "present" {
  makeStateVolumes(host, plan);
  const target = plan.pod.paths.generation;
  if (target !== `${podDirectory(dirs, plan.pod.uuid)}/gen/${plan.digest}`)
    throw new RktError("plan-misplaced", `Cannot write a plan at ${quoteText(target)}`);
  if (host.files.exists(target)) return "present";
  const parent = `${podDirectory(dirs, plan.pod.uuid)}/gen`;
  const draft = `${parent}/.new-${plan.digest}`;
  host.files.removeTree(draft);
  host.files.mkdir(draft, { mode: 0o2750 });
  for (const file of plan.files) writePlanFile(host, draft, file);
  host.files.syncFileSystem(draft);
  host.files.rename(draft, target);
  host.files.sync(parent);
  return "written";
}

/** The commit: from here on the new generation is the pod's. */
export function commitGeneration(host: Host, directory: string, record: CommitRecord): void {
  host.files.writeAtomic(`${directory}/commit`, serializeRecord(record), { mode: 0o640 });
}

/** The record after an apply; undefined when nothing changes. */
export function nextCommit(current: CommitRecord, plan: PodPlan, inputs: readonly PlanInput[]): CommitRecord | undefined {
  if (current.generation === plan.digest) {
    const same = JSON.stringify(current.inputs) === JSON.stringify(inputs);
    return same ? undefined : { ...current, inputs };
  }
  const previous = current.generation ?? current.previous;
  return { format: 1, generation: plan.digest, inputs, ...(previous === undefined ? {} : { previous }) };
}

export function writePlanFile(host: Host, base: string, file: PlanFile): void {
  const path = `${base}/${file.path}`;
  if (file.kind === "file") host.files.write(path, file.content, { mode: file.mode });
  else if (file.kind === "symlink") host.files.symlink(file.target, path);
  else if (file.kind === "joined")
    host.files.write(path, Buffer.concat([host.files.read(file.first), Buffer.from(file.content)]), { mode: file.mode });
  else
    host.files.mkdir(path, {
      mode: file.mode,
      ...(file.uid === undefined ? {} : { uid: file.uid }),
      ...(file.gid === undefined ? {} : { gid: file.gid }),
    });
}

function makeStateVolumes(host: Host, plan: PodPlan): void {
  for (const volume of plan.pod.volumes) {
    if (volume.kind !== "state" || volume.source === undefined || host.files.exists(volume.source)) continue;
    const parent = volume.source.slice(0, volume.source.lastIndexOf("/"));
    // Only root may enter: a pod's root could leave setuid files in a volume.
    host.files.mkdir(parent, { recursive: true, mode: 0o700 });
    const draft = `${parent}/.new-${volume.name}`;
    host.files.removeTree(draft);
    host.files.mkdir(draft, { mode: Number.parseInt(volume.mode, 8), uid: volume.uid, gid: volume.gid });
    host.files.rename(draft, volume.source);
    host.files.sync(parent);
  }
}
