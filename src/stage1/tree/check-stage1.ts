import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import type { PodDescription } from "../../pod/engine.ts";

/** Without these no pod starts, or none ends. */
const needed = ["lib/systemd/systemd", "lib/systemd/systemd-journald", "bin/sh", "bin/mount", "bin/setpriv", "bin/systemctl"];

/** Refuses an image whose tree cannot be a pod's /usr: that it was made for this engine is what its manifest says. */
export function checkStage1({ stage1 }: Pick<PodDescription, "stage1">, host: Host): void {
  if (stage1 === undefined) return;
  const usr = `${stage1.root}/usr`;
  const isDirectory = host.files.tryLstat(usr)?.type === "directory";
  const missing = isDirectory ? needed.find((path) => !host.files.exists(`${usr}/${path}`)) : "";
  if (missing === undefined) return;
  throw new RktError(
    "stage1-image",
    `Cannot use image ${quoteText(stage1.name)} as stage1: its tree has no /usr${missing === "" ? "" : `/${missing}`}`,
    {
      hint: "packaging/README.md says how images of stage1 are made",
    },
  );
}
