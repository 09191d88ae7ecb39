import { quoteText } from "../../base/escape.ts";
import { quoteShell } from "../../base/quote-shell.ts";
import type { PodDescription } from "../../pod/engine.ts";

/** Where the guest has them, and its systemd looks for what an app's unit names (systemd.exec(5), "$CREDENTIALS_DIRECTORY"). */
const guestPath = "/rkt/credentials";

/** Names of the unit's credentials that apps of the pod get, each once. */
export function credentialNames({ apps }: PodDescription): string[] {
  return [...new Set(apps.flatMap((app) => app.credentials ?? []))].toSorted();
}

/** The disk that brings them, after all others; `directory` is the hypervisor's. */
export function credentialDisks(pod: PodDescription, directory: string): string[] {
  return credentialNames(pod).length === 0 ? [] : [`${directory}/credentials`];
}

/** Before each start, in sh with `$vm` and `$guest`: they are in the host's memory only, and root's and the hypervisor's to read. */
export function credentialCommands(pod: PodDescription, group: string): string[] {
  const names = credentialNames(pod);
  if (names.length === 0) return [];
  const refuse = (name: string): string => {
    const sentence = `Cannot start pod ${quoteText(pod.name ?? pod.uuid)} in a virtual machine: its unit has no credential ${quoteText(name)}`;
    return `{ echo ${quoteShell(sentence)} >&2; exit 1; }`;
  };
  return [
    'mkdir -m 0700 "$guest/credentials"',
    ...names.map(
      (name) => `cp -- "\${CREDENTIALS_DIRECTORY:-/nowhere}"/${quoteShell(name)} "$guest/credentials/" 2>/dev/null || ${refuse(name)}`,
    ),
    '(umask 077; mkfs.erofs --quiet -T0 --all-root "$vm/credentials" "$guest/credentials" >/dev/null)',
    `chown :${group} "$vm/credentials"; chmod 0440 "$vm/credentials"`,
    'rm -r "$guest/credentials"',
  ];
}

/** For the guest's first program, which tells its systemd of them. */
export function credentialMounts(pod: PodDescription, device: string): string[] {
  if (credentialNames(pod).length === 0) return [];
  return [`- ${guestPath} dir 700,0,0\n`, `${device} ${guestPath} erofs ro,nosuid,nodev,noexec\n`];
}
