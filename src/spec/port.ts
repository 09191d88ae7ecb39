import { isIP } from "../base/ip.ts";
import { quoteText } from "../base/escape.ts";
import { parseAcName } from "../base/id.ts";
import type { PodPort } from "./appc.ts";
import { parseInteger, valueError } from "./values.ts";

/** `NAME:[IP:]HOSTPORT` of `Port=` and `--port`; an IPv6 address may stand in brackets. Throws `value-invalid`. */
export function parsePort(text: string): PodPort {
  const match = /^([^:]+):(?:(.+):)?([^:]+)$/.exec(text);
  if (match === null) throw valueError(`Cannot read port ${quoteText(text)}`, `Write "NAME:HOSTPORT" or "NAME:IP:HOSTPORT"`);
  const [, name = "", address, port = ""] = match;
  const hostPort = parseInteger(port, 1, 65535);
  if (address === undefined) return { name: parseAcName(name), hostPort };
  const hostIP = address.replace(/^\[(.*)\]$/, "$1");
  if (isIP(hostIP) === 0) throw valueError(`Cannot read port ${quoteText(text)}: ${quoteText(hostIP)} is no IP address`);
  return { name: parseAcName(name), hostPort, hostIP };
}
