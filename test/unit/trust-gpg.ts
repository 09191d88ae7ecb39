import { execFileSync } from "node:child_process";
import * as fs from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** gpg with a home of its own: makes the keys and signatures that rkt must accept or refuse. */
export interface Gpg {
  readonly home: string;
  run(argv: readonly string[], input?: Buffer | string): Buffer;
  /** Makes a signing key without passphrase; returns its fingerprint in lower-case hex. */
  makeKey(name: string, algorithm?: string, options?: { expire?: string; at?: string }): string;
  exportKey(name: string): Buffer;
  /** A detached signature, armored unless the options say otherwise. */
  sign(name: string, data: Buffer, options?: readonly string[]): Buffer;
  revoke(fingerprint: string): void;
  close(): void;
}

const COMMON = ["--batch", "--quiet", "--no-tty", "--yes", "--charset=utf-8"];

export function openGpg(): Gpg {
  const home = fs.mkdtempSync(join(tmpdir(), "rkt-gpg-"));
  const env = { ...process.env, GNUPGHOME: home, LC_ALL: "C" };
  const run = (argv: readonly string[], input: Buffer | string = ""): Buffer =>
    execFileSync("gpg", [...COMMON, ...argv], { env, input, stdio: ["pipe", "pipe", "pipe"] });
  return {
    home,
    run,
    makeKey: (name, algorithm = "ed25519", { expire = "never", at } = {}) => {
      const time = at === undefined ? [] : [`--faked-system-time=${at}`];
      run([...time, "--pinentry-mode=loopback", "--passphrase=", "--quick-gen-key", name, algorithm, "sign", expire]);
      const lines = run(["--with-colons", "--list-keys", `=${name}`]).toString();
      return (/^fpr:+([0-9A-F]+):/m.exec(lines)?.[1] ?? "").toLowerCase();
    },
    exportKey: (name) => run(["--armor", "--export", name]),
    sign: (name, data, options = ["--armor"]) => run(["--local-user", name, ...options, "--output=-", "--detach-sign"], data),
    revoke: (fingerprint) => {
      const file = join(home, "openpgp-revocs.d", `${fingerprint.toUpperCase()}.rev`);
      run(["--import"], fs.readFileSync(file, "utf8").replace(":-----BEGIN", "-----BEGIN"));
    },
    close: () => {
      execFileSync("gpgconf", ["--kill", "gpg-agent"], { env });
      fs.rmSync(home, { recursive: true, force: true, maxRetries: 3 });
    },
  };
}

/** The bytes as a download gives them: piece by piece. */
export async function* inPieces(data: Buffer, size = 1000): AsyncGenerator<Uint8Array> {
  for (let start = 0; start < data.length; start += size) yield data.subarray(start, start + size);
}
