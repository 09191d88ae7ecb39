import type { Host } from "../host/host.ts";

/**
 * Does the host's own firewall drop what it forwards (Docker's and ufw's policy of iptables), without a rule for our bridges? A verdict of
 * our tables could not change that: each chain has its own say.
 */
export function dropsForwarded(host: Host): boolean {
  if (host.programs.find("nft") === undefined) return false;
  const { status, stdout } = host.programs.run(["nft", "list", "table", "ip", "filter"], { check: false });
  const text = stdout.toString();
  return status === 0 && /chain FORWARD \{[^}]*policy drop/.test(text) && !text.includes('"rkt-');
}
