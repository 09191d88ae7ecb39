import { isIP } from "../base/ip.ts";
import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { NameFile } from "../spec/network.ts";

export interface DnsSettings {
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly dnsDomain?: string;
}

/**
 * The pod's resolv.conf (rkt-features: comment, search, nameservers, options, domain). `host` and `none` stand alone. Where nothing is
 * said an app sees its image's file. Errors: `dns-invalid`.
 */
export function describeResolvConf({ dns, dnsSearch, dnsOption, dnsDomain }: DnsSettings): NameFile {
  const others = dnsSearch.length > 0 || dnsOption.length > 0 || dnsDomain !== undefined;
  const [first] = dns;
  if (first === undefined && !others) return { kind: "image" };
  if (first === "host" || first === "none") {
    if (dns.length > 1 || others) throw invalid(dns.join(","), `"${first}" stands alone`);
    return { kind: first === "host" ? "host" : "image" };
  }
  const address = dns.find((text) => isIP(text) === 0);
  if (address !== undefined) throw invalid(address, "it is no IP address");
  const word = [...dnsSearch, ...dnsOption, ...(dnsDomain === undefined ? [] : [dnsDomain])].find(
    (text) => !/^[A-Za-z0-9._:-]+$/.test(text),
  );
  if (word !== undefined) throw invalid(word, "it has other characters than letters, digits, dots, colons, underscores and hyphens");
  const lines = [
    "# Made by rkt.",
    ...(dnsSearch.length === 0 ? [] : [`search ${dnsSearch.join(" ")}`]),
    ...dns.map((text) => `nameserver ${text}`),
    ...(dnsOption.length === 0 ? [] : [`options ${dnsOption.join(" ")}`]),
    ...(dnsDomain === undefined ? [] : [`domain ${dnsDomain}`]),
  ];
  return { kind: "text", text: `${lines.join("\n")}\n` };
}

/** `IP=NAME[,NAME…]` entries, several separated by commas too; `host` alone is the host's file. Errors: `hosts-invalid`. */
export function describeHosts(entries: readonly string[], hostname: string): NameFile {
  const words = entries.flatMap((entry) => entry.split(","));
  if (words.length === 0) return { kind: "image" };
  if (words.includes("host")) {
    if (words.length > 1) throw badEntry("host", `"host" stands alone`);
    return { kind: "host" };
  }
  const names = new Map<string, string[]>([
    ["127.0.0.1", ["localhost", hostname]],
    ["::1", ["localhost", "ip6-localhost", "ip6-loopback"]],
  ]);
  let address = "";
  for (const word of words) {
    const [, before, name = ""] = /^(?:([^=]+)=)?([^=]+)$/.exec(word) ?? [];
    address = before ?? address;
    if (isIP(address) === 0) throw badEntry(word, "it is not IP=NAME");
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      throw badEntry(word, "its name has other characters than letters, digits, dots, underscores and hyphens");
    names.set(address, [...(names.get(address) ?? []), name]);
  }
  return { kind: "text", text: [...names].map(([address, list]) => `${address} ${list.join(" ")}\n`).join("") };
}

function invalid(text: string, reason: string): RktError {
  return new RktError("dns-invalid", `Cannot use ${quoteText(text)} in the pod's resolv.conf: ${reason}`);
}

function badEntry(text: string, reason: string): RktError {
  return new RktError("hosts-invalid", `Cannot use ${quoteText(text)} in the pod's hosts file: ${reason}`);
}
