import { RktError } from "../../base/error.ts";
import { isStage1File } from "../../config/stage1-images.ts";
import { quoteText } from "../../base/escape.ts";
import { readReference, sourceOfImage } from "../../image/fetch.ts";
import type { InsecureOption } from "../../image/insecure.ts";
import { parseStage1 } from "../../spec/stage1-name.ts";
import type { StoredImage } from "../../store/image.ts";
import type { Store } from "../../store/store.ts";
import { openStore } from "../../store/store.ts";
import { readStage1Flags, stage1Flags } from "../ad-hoc/stage1.ts";
import type { Context } from "../context.ts";
import { stage1Directory } from "../default-stage1.ts";
import { fetchLogged } from "../fetch-logged.ts";
import { shortenId } from "../image-name.ts";
import type { OptionValues } from "../options.ts";
import { fetchStage1File } from "../stage1-provider.ts";
import { openTrustedKeys } from "../trusted-keys.ts";

/** Hex digits of an ID that the original printed. */
const SHOWN_DIGITS = 32;

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const stage1 = readStage1Flags(givenStage1(options), { host: context.host, stage1Directory: () => stage1Directory(context) });
  if (args.length === 0 && stage1 === undefined) throw new RktError("usage", "Cannot run without IMAGE", { hint: `See "rkt help fetch"` });
  const request = readRequest(context, args, options);
  const store = openStore(context.host, context.paths.dataDir);
  warnOfInsecure(context, request.insecure);
  const show = (image: StoredImage): void => {
    context.stdout.write(`${options.flag("full") ? image.id : shortenId(image.id, SHOWN_DIGITS)}\n`);
  };
  if (stage1 !== undefined) show(await fetchStage1(context, store, stage1, request));
  for (const text of args) show(findStored(context, store, text, request) ?? (await fetchOne(context, store, text, request)));
  return 0;
}

function givenStage1(options: OptionValues): ReadonlyMap<string, readonly string[]> {
  return new Map(
    stage1Flags.flatMap((name) => (name !== "stage1-image" && options.given(name) ? [[name, [options.text(name) ?? ""]]] : [])),
  );
}

async function fetchStage1(context: Context, store: Store, text: string, request: Request): Promise<StoredImage> {
  if (parseStage1(text).kind === "engine")
    throw new RktError("stage1-built-in", `Cannot fetch stage1 ${quoteText(text)}: it is part of rkt, and there is no image of it here`);
  if (text.startsWith("/") && isStage1File(context.host, context.paths, text))
    return fetchStage1File(context, { store, keystore: openTrustedKeys(context) }, text);
  return findStored(context, store, text, request) ?? fetchOne(context, store, text, request);
}

interface Request {
  readonly pull: string;
  readonly signature: string | undefined;
  readonly insecure: ReadonlySet<InsecureOption>;
}

function readRequest(context: Context, args: readonly string[], options: OptionValues): Request {
  const signature = options.text("signature");
  if (signature !== undefined && (args.length !== 1 || isStoreName(context, args[0] ?? ""))) {
    throw new RktError("usage", "Cannot use --signature: it belongs to one file or URL, and nothing else was to be given");
  }
  const insecure = (["image", "tls", "http"] as const).filter((option) => context.insecure.has(option));
  return { pull: readPull(options), signature, insecure: new Set(insecure) };
}

function readPull(options: OptionValues): string {
  const old = [...(options.flag("store-only") ? ["never"] : []), ...(options.flag("no-store") ? ["update"] : [])];
  if (old.length > 1 || (old.length > 0 && options.given("pull-policy"))) {
    throw new RktError("usage", "Cannot tell where to look: --pull-policy, --store-only and --no-store exclude each other");
  }
  return old[0] ?? options.text("pull-policy") ?? "update";
}

function isStoreName(context: Context, text: string): boolean {
  const { kind } = readReference(context.host, text);
  return kind === "name" || kind === "hash";
}

function warnOfInsecure(context: Context, insecure: ReadonlySet<InsecureOption>): void {
  if (insecure.has("image")) context.stderr.write("warning: image signature verification has been disabled\n");
  if (insecure.has("tls")) context.stderr.write("warning: TLS verification has been disabled\n");
}

/** What the store has of that file or URL, where the policy asks the store first. Names are always looked up in the store. */
function findStored(context: Context, store: Store, text: string, { pull, insecure }: Request): StoredImage | undefined {
  if (pull === "update" || isStoreName(context, text)) return undefined;
  // A file is at hand: reading it again costs little, and shows that it changed.
  const reference = readReference(context.host, text);
  if (reference.kind === "path" && pull === "new") return undefined;
  const from = store.findAllFrom(sourceOfImage(reference, text));
  const known = from.find((image) => image.signatures.length > 0 || insecure.has("image"));
  if (known !== undefined || pull === "new") return known;
  throw new RktError(
    "store-no-image",
    `Cannot find image ${quoteText(text)}: the store has none from there, and --pull-policy=never was given`,
  );
}

function fetchOne(context: Context, store: Store, text: string, { insecure, signature }: Request): Promise<StoredImage> {
  const options = { insecure, ...(signature === undefined ? {} : { signature }) };
  return fetchLogged(context, { store, keystore: openTrustedKeys(context) }, text, options);
}
