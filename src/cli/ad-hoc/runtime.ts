import { RktError } from "../../base/error.ts";
import type { Given } from "./line.ts";
import type { RequestedPod } from "./request.ts";

/** How the pod meets the world: what `run` and `run-prepared` may both say. */
export type RequestedRuntime = Pick<RequestedPod, "net" | "dns" | "dnsSearch" | "dnsOption" | "dnsDomain" | "hostsEntry" | "hostname">;

/** `--net` and `--private-net` without a value are `default`. Throws `usage`. */
export function readRuntime(given: Given): RequestedRuntime {
  const all = (name: string): readonly string[] => given.get(name) ?? [];
  const words = (name: string): string[] =>
    all(name)
      .flatMap((value) => value.split(","))
      .filter((word) => word !== "");
  if (given.has("net") && given.has("private-net"))
    throw new RktError("usage", "Cannot use --net together with --private-net, its old spelling");
  const [dnsDomain, hostname] = [all("dns-domain").at(-1), all("hostname").at(-1)];
  return {
    net: [...all("net"), ...all("private-net")].flatMap((value) => (value === "true" ? ["default"] : value.split(","))),
    dns: words("dns"),
    dnsSearch: words("dns-search"),
    dnsOption: words("dns-opt"),
    ...(dnsDomain === undefined ? {} : { dnsDomain }),
    hostsEntry: all("hosts-entry"),
    ...(hostname === undefined ? {} : { hostname }),
  };
}
