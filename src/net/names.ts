import { checkResolvConf, type DnsSettings, readHosts } from "../spec/name-files.ts";
import type { NameFile } from "../spec/network.ts";

/**
 * The pod's resolv.conf (rkt-features: comment, search, nameservers, options, domain). `host` and `none` stand alone. Where nothing is
 * said an app sees its image's file. Errors: `dns-invalid`.
 */
export function describeResolvConf(settings: DnsSettings): NameFile {
  checkResolvConf(settings);
  const { dns, dnsSearch, dnsOption, dnsDomain } = settings;
  if (dns[0] === "host") return { kind: "host" };
  const nothing = dns.length + dnsSearch.length + dnsOption.length === 0 && dnsDomain === undefined;
  if (nothing || dns[0] === "none") return { kind: "image" };
  const lines = [
    "# Made by rkt.",
    ...(dnsSearch.length === 0 ? [] : [`search ${dnsSearch.join(" ")}`]),
    ...dns.map((text) => `nameserver ${text}`),
    ...(dnsOption.length === 0 ? [] : [`options ${dnsOption.join(" ")}`]),
    ...(dnsDomain === undefined ? [] : [`domain ${dnsDomain}`]),
  ];
  return { kind: "text", text: `${lines.join("\n")}\n` };
}

/** `IP=NAME[,[IP=]NAME…]` entries; `host` alone is the host's file. Errors: `hosts-invalid`. */
export function describeHosts(entries: readonly string[], hostname: string): NameFile {
  if (entries.length === 0) return { kind: "image" };
  const lines = readHosts(entries);
  if (lines === "host") return { kind: "host" };
  const names = new Map<string, string[]>([
    ["127.0.0.1", ["localhost", hostname]],
    ["::1", ["localhost", "ip6-localhost", "ip6-loopback"]],
  ]);
  for (const { address, name } of lines) names.set(address, [...(names.get(address) ?? []), name]);
  return { kind: "text", text: [...names].map(([address, list]) => `${address} ${list.join(" ")}\n`).join("") };
}
