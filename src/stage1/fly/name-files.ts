import type { PlanFile, PodDescription } from "../../pod/engine.ts";

type NamePath = "/etc/hosts" | "/etc/resolv.conf";

/** Where the app's /etc/hosts or /etc/resolv.conf comes from; undefined: the image's, or none. The app's network is the host's, and so are its names. */
export function nameFileSource(pod: PodDescription, path: NamePath): string | undefined {
  const file = described(pod, path);
  if (file.kind === "text") return `${pod.paths.generation}/${planned(path)}`;
  return file.kind === "host" || path === "/etc/hosts" ? path : undefined;
}

/** Those of them that the pod brings itself. */
export function nameFiles(pod: PodDescription): PlanFile[] {
  return (["/etc/hosts", "/etc/resolv.conf"] as const).flatMap((path) => {
    const file = described(pod, path);
    return file.kind === "text" ? [{ kind: "file", path: planned(path), mode: 0o644, content: file.text } as const] : [];
  });
}

function described(pod: PodDescription, path: NamePath) {
  return path === "/etc/hosts" ? pod.hosts : pod.resolvConf;
}

function planned(path: NamePath): string {
  return `stage1${path.slice("/etc".length)}`;
}
