import { createHash } from "node:crypto";
import { defined } from "../spec/defined.ts";
import type { Host } from "../host/host.ts";
import { optional, parseJsonObject, readBoolean, readInteger, readList, readObject, readString } from "../spec/json-reader.ts";
import type { DescribedKey, KeyFacts } from "./key-facts.ts";
import { assertOwned } from "./ownership.ts";

/** Certifications may begin or end to count with time. */
const LONGEST_MEMORY = 24 * 60 * 60 * 1000;
const MOST_BYTES = 1024 * 1024;

export interface KeyMemory {
  /** Root's, on a file system that does not outlive the host's run; made where it is missing. */
  readonly directory: string;
  /** Of the program that reads keys: another one may see more in them. */
  readonly version: string;
}

export interface RememberedKeys {
  /** What is known of the key in a file of that content; undefined where nobody has read it today. */
  find(content: Buffer): DescribedKey | undefined;
  /** Fails silently: then it is read again. */
  keep(content: Buffer, key: DescribedKey): void;
}

/**
 * What was read in key files, by the digest of their content, so that a start of a pod need not load OpenPGP. Whoever could write there could
 * write verdicts, which lie beside it; what belongs to others than `owner` and root is not believed.
 */
export function rememberKeys(host: Host, { directory, version }: KeyMemory, owner: number): RememberedKeys {
  const { files, clock } = host;
  const pathOf = (content: Buffer): string => `${directory}/${createHash("sha256").update(content).digest("hex")}`;
  return {
    find(content) {
      const path = pathOf(content);
      try {
        const text = files.tryReadText(path);
        if (text === undefined) return undefined;
        assertOwned(host, path, owner);
        const record = parseJsonObject(text, path, MOST_BYTES);
        const age = clock.now() - readInteger(record["readAt"], "readAt", 0, Number.MAX_SAFE_INTEGER);
        return record["version"] === version && age >= 0 && age < LONGEST_MEMORY ? readKey(record["key"]) : undefined;
      } catch {
        return undefined;
      }
    },
    keep(content, key) {
      try {
        files.mkdir(directory, { recursive: true, mode: 0o755 });
        for (const name of files.list(directory)) forgetOld(host, `${directory}/${name}`);
        const text = `${JSON.stringify({ version, readAt: clock.now(), key: pickKey(key) })}\n`;
        files.writeAtomic(pathOf(content), text, { mode: 0o644 });
      } catch {
        // Not root, or no room.
      }
    },
  };
}

function forgetOld({ files, clock }: Host, path: string): void {
  const stat = files.tryLstat(path);
  if (stat !== undefined && clock.now() - stat.mtimeMs >= LONGEST_MEMORY) files.removeTree(path);
}

function pickKey(key: DescribedKey): DescribedKey {
  return { ...pickFacts(key), identities: key.identities, subkeys: key.subkeys.map(pickFacts) };
}

function pickFacts({ fingerprint, algorithm, created, expires, revoked, weakness }: KeyFacts): KeyFacts {
  return defined({ fingerprint, algorithm, created, expires, revoked, weakness });
}

function readKey(value: unknown): DescribedKey {
  const record = readObject(value, "key");
  return {
    ...readFacts(value, "key"),
    identities: readList(record["identities"], "identities", readString),
    subkeys: readList(record["subkeys"], "subkeys", readFacts),
  };
}

function readFacts(value: unknown, place: string): KeyFacts {
  const record = readObject(value, place);
  const readTime = (time: unknown, of: string): number => readInteger(time, of, -8.64e15, 8.64e15);
  return defined({
    fingerprint: readString(record["fingerprint"], `${place}.fingerprint`),
    algorithm: readString(record["algorithm"], `${place}.algorithm`),
    created: readTime(record["created"], `${place}.created`),
    expires: optional(record["expires"], `${place}.expires`, readTime),
    revoked: readBoolean(record["revoked"], `${place}.revoked`),
    weakness: optional(record["weakness"], `${place}.weakness`, readString),
  });
}
