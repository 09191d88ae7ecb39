import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { isIP } from "../base/ip.ts";

export interface DnsSettings {
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOption: readonly string[];
  readonly dnsDomain?: string;
}

/** `host` and `none` stand alone; everything else has to be fit for a resolv.conf. Throws `dns-invalid`. */
export function checkResolvConf({ dns, dnsSearch, dnsOption, dnsDomain }: DnsSettings): void {
  const others = [...dnsSearch, ...dnsOption, ...(dnsDomain === undefined ? [] : [dnsDomain])];
  const special = dns.find((word) => word === "host" || word === "none");
  if (special !== undefined && dns.length + others.length > 1) throw invalidDns(dns.join(","), `"${special}" stands alone`);
  const address = special === undefined ? dns.find((text) => isIP(text) === 0) : undefined;
  if (address !== undefined) throw invalidDns(address, "it is no IP address");
  others.forEach(parseResolvWord);
}

/** A search domain, an option or the local domain. Throws `dns-invalid`. */
export function parseResolvWord(text: string): string {
  if (/^[A-Za-z0-9._:-]+$/.test(text)) return text;
  throw invalidDns(text, "it has other characters than letters, digits, dots, colons, underscores and hyphens");
}

export type HostsLines = "host" | readonly { readonly address: string; readonly name: string }[];

/** Entries `IP=NAME[,[IP=]NAME…]`, a name without address has the one before; `host` alone is the host's file. Throws `hosts-invalid`. */
export function readHosts(entries: readonly string[]): HostsLines {
  const words = entries.flatMap((entry) => entry.split(","));
  if (words.includes("host")) {
    if (words.length > 1) throw badEntry("host", `"host" stands alone`);
    return "host";
  }
  let address = "";
  return words.map((word) => {
    const [, before, name = ""] = /^(?:([^=]+)=)?([^=]+)$/.exec(word) ?? [];
    address = before ?? address;
    if (isIP(address) === 0) throw badEntry(word, "it is not IP=NAME");
    if (!/^[A-Za-z0-9._-]+$/.test(name))
      throw badEntry(word, "its name has other characters than letters, digits, dots, underscores and hyphens");
    return { address, name };
  });
}

function invalidDns(text: string, reason: string): RktError {
  return new RktError("dns-invalid", `Cannot use ${quoteText(text)} in the pod's resolv.conf: ${reason}`);
}

function badEntry(text: string, reason: string): RktError {
  return new RktError("hosts-invalid", `Cannot use ${quoteText(text)} in the pod's hosts file: ${reason}`);
}
