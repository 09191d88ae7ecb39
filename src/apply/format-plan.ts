import { serializeUnitFile } from "../unit/unit-file.ts";
import { serviceUnitOf } from "../pod/paths.ts";
import type { PodPlan } from "./plan-pod.ts";
import { attachedDirectory } from "./settle.ts";

/** What `--dry-run` prints: every file an apply would write, with its content. */
export function formatPlan(plan: PodPlan): string {
  const { generation } = plan.pod.paths;
  const parts = [
    `# pod ${plan.name} (${plan.pod.uuid}), generation ${plan.digest}`,
    section(`${attachedDirectory}/${serviceUnitOf(plan.name)}.d/50-rkt.conf`, serializeUnitFile(plan.dropIn)),
  ];
  for (const socket of [...plan.sockets, ...plan.proxies])
    parts.push(section(`${attachedDirectory}/${socket.unit}`, serializeUnitFile(socket.file)));
  for (const file of plan.files) {
    // These two are shown above, where they take effect.
    if (file.path === "dropin.conf" || file.path.startsWith("units/")) continue;
    const path = `${generation}/${file.path}`;
    if (file.kind === "file") parts.push(section(path, file.content));
    else if (file.kind === "symlink") parts.push(`# ${path} -> ${file.target}\n`);
    else if (file.kind === "joined") parts.push(`# ${path}: ${file.first}, and what the pod adds\n`);
    else parts.push(`# ${path}/\n`);
  }
  return parts.join("\n");
}

function section(path: string, content: string): string {
  return `# ${path}\n${content}`;
}
