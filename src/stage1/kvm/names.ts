import type { Host } from "../../host/host.ts";
import type { PodDescription } from "../../pod/engine.ts";
import type { NameFile } from "../../spec/network.ts";

/** The host's own resolv.conf and hosts, where the pod has them: nothing of the host's files is seen by a guest, so it gets them as they are now. */
export function copyNames({ resolvConf, hosts }: PodDescription, host: Host): Pick<PodDescription, "resolvConf" | "hosts"> {
  const copy = (file: NameFile, path: string): NameFile =>
    file.kind === "host" ? { kind: "text", text: host.files.tryReadText(path) ?? "" } : file;
  return { resolvConf: copy(resolvConf, "/etc/resolv.conf"), hosts: copy(hosts, "/etc/hosts") };
}
