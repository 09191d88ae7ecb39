import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { PodDescription } from "../pod/engine.ts";
import type { PodDeclaration } from "../spec/declaration.ts";

/** Devices are looked up when the pod is applied, as volumes are; what is below /dev but no device would become a hole in the pod. */
export function describeDevices(host: Host, devices: PodDeclaration["pod"]["devices"]): PodDescription["devices"] {
  return devices.map(({ path, access, origin }) => {
    const type = host.files.tryStat(path)?.type;
    if (type === "block" || type === "character") return { path, access };
    const reason = type === undefined ? "the host does not have it" : "it is no device";
    throw new RktError("device-missing", `${origin.path}:${origin.line}: Cannot give the pod ${quoteText(path)}: ${reason}`, {
      hint: "Name a device node below /dev",
    });
  });
}
