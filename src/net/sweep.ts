import { tryUuid } from "../base/id.ts";
import type { Host } from "../host/host.ts";

/**
 * Takes away what runs that ended badly left of their networks: namespaces, with them their veth pairs, and elements of the maps, by the
 * files that the start noted in `runDir`/net. Returns the UUIDs. Nothing of a pod that `isRunning` names, or that is not ours, is touched.
 */
export function sweepNetworks(host: Host, runDir: string, isRunning: (uuid: string) => boolean): string[] {
  const noted = host.files.tryList(`${runDir}/net`);
  const namespaces = host.files.tryList("/run/netns").flatMap((name) => (name.startsWith("rkt-") ? [name.slice("rkt-".length)] : []));
  const stale = [...new Set([...noted, ...namespaces])].filter((uuid) => tryUuid(uuid) !== undefined && !isRunning(uuid));
  for (const uuid of stale) {
    const files = `${runDir}/net/${uuid}`;
    if (host.files.exists(`${files}/down.nft`)) host.programs.run(["nft", "-f", `${files}/down.nft`], { check: false });
    if (host.files.exists(`${files}/down.ip`)) host.programs.run(["ip", "-force", "-batch", `${files}/down.ip`], { check: false });
    if (host.files.exists(`/run/netns/rkt-${uuid}`)) host.programs.run(["ip", "netns", "delete", `rkt-${uuid}`], { check: false });
    if (host.files.tryLstat(files) !== undefined) host.files.unlink(files);
  }
  return stale;
}
