import { resolve } from "node:path";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { Host } from "../../host/host.ts";
import { readReference } from "../../image/fetch.ts";
import { builtInEngineOfFile, parseStage1 } from "../../spec/stage1-name.ts";

export interface Stage1Sources {
  readonly host: Pick<Host, "files">;
  /** Of stage1's images. */
  readonly stage1Directory: () => string;
}

/** Flag → what its value says, as `Stage1=` takes it. */
const readers: Readonly<Record<string, (value: string, sources: Stage1Sources) => string>> = {
  "stage1-name": (value) => (kindOf(value) === "engine" ? value : ofKind(value, "stage1-name", "name")),
  "stage1-url": (value) => (value.startsWith("file:") ? ofKind(value, "stage1-url", "path") : ofKind(value, "stage1-url", "url")),
  "stage1-path": (value) => resolve(value),
  "stage1-hash": (value) => ofKind(value, "stage1-hash", "hash"),
  "stage1-from-dir": readFileName,
  "stage1-image": readAny,
};

/** Flags that choose a stage1; at most one of them is given. */
export const stage1Flags: readonly string[] = Object.keys(readers);

/** What the flags say; undefined where none is given. Throws `usage`, `image-reference-invalid`, `stage1-missing`. */
export function readStage1Flags(given: ReadonlyMap<string, readonly string[]>, sources: Stage1Sources): string | undefined {
  const [flag, second] = stage1Flags.filter((name) => given.has(name));
  if (second !== undefined) throw new RktError("usage", `Cannot use --${flag} together with --${second}: both choose the stage1`);
  const value = flag === undefined ? undefined : given.get(flag)?.at(-1);
  return flag === undefined || value === undefined ? undefined : readers[flag]?.(value, sources);
}

function kindOf(value: string): string {
  const named = parseStage1(value);
  return named.kind === "engine" ? named.kind : named.reference.kind;
}

function ofKind(value: string, flag: string, kind: "name" | "url" | "path" | "hash"): string {
  if (kindOf(value) === kind) return value;
  const as = {
    name: "coreos.com/rkt/stage1-fly:2.0.0",
    url: "https://example.com/stage1.aci",
    path: "file:///root/stage1.aci",
    hash: "sha512-0123ab",
  };
  throw new RktError("usage", `Cannot use --${flag}=${quoteText(value)}: it takes a ${kind}`, { hint: `As in "--${flag}=${as[kind]}"` });
}

/** An engine stands for a file of the original's that is not there. */
function readFileName(file: string, { host, stage1Directory }: Stage1Sources): string {
  const directory = stage1Directory();
  if (file.includes("/"))
    throw new RktError("usage", `Cannot use --stage1-from-dir=${quoteText(file)}: it takes the name of a file in ${directory}`);
  const path = `${directory}/${file}`;
  const known = host.files.exists(path) ? path : builtInEngineOfFile(file);
  if (known !== undefined) return known;
  throw new RktError("stage1-missing", `Cannot use stage1 ${quoteText(file)}: ${directory} has no such file`, {
    hint: `Put the image there, or say where it is with --stage1-path`,
  });
}

/** The name of an existing file is that file, as for images. */
function readAny(value: string, { host }: Stage1Sources): string {
  const reference = readReference(host, value);
  if (reference.kind === "path") return resolve(reference.path);
  parseStage1(value);
  return value;
}
