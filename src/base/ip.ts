import type * as net from "node:net";

/** 4, 6, or 0 for what is no IP address. node:net takes 4 ms to load: by the first address, not by every command. */
export function isIP(text: string): number {
  return load().isIP(text);
}

export function isIPv4(text: string): boolean {
  return load().isIPv4(text);
}

export function isIPv6(text: string): boolean {
  return load().isIPv6(text);
}

function load(): typeof net {
  return process.getBuiltinModule("node:net");
}
