import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { PodDescription } from "../pod/engine.ts";
import type { PodDeclaration, Warning } from "../spec/declaration.ts";

/** State volumes keep what they have: what is said of owner and mode of one that is there already changes nothing. */
export function stateWarnings(host: Host, { pod }: PodDeclaration, { volumes }: PodDescription): Warning[] {
  return pod.volumes.flatMap((declared) => {
    const source = declared.kind === "state" ? volumes.find(({ name }) => name === declared.name)?.source : undefined;
    const stat = source === undefined ? undefined : host.files.tryStat(source);
    if (stat === undefined) return [];
    const mode = (stat.mode & 0o7777).toString(8).padStart(4, "0");
    const differs =
      (declared.mode !== undefined && Number.parseInt(declared.mode, 8) !== (stat.mode & 0o7777)) ||
      (declared.uid !== undefined && declared.uid !== stat.uid) ||
      (declared.gid !== undefined && declared.gid !== stat.gid);
    if (!differs) return [];
    const message = `Volume ${quoteText(declared.name)} keeps mode ${mode} and owner ${stat.uid}:${stat.gid}: mode=, uid= and gid= are for its making; change them at ${quoteText(source ?? "")}`;
    return [{ ...declared.origin, message }];
  });
}
