import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { queueEvent } from "../../journal/events.ts";
import { describeKey } from "../../trust/describe.ts";
import type { KeyScope } from "../../trust/key-files.ts";
import type { PublicKey } from "../../trust/key-facts.ts";
import { readPublicKeys } from "../../trust/keys.ts";
import { confirm } from "../confirm.ts";
import type { Context } from "../context.ts";
import { judgeAgain } from "../judge-again.ts";
import { readKeySource } from "../key-source.ts";
import type { OptionValues } from "../options.ts";
import { describeScope, openTrustedKeys, readScope } from "../trusted-keys.ts";

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const scope = readScope(options);
  if (scope === undefined) {
    throw new RktError("usage", "Cannot trust a key for nothing: neither --prefix nor --root was given", {
      hint: "Give the beginning of the images' names as --prefix, or --root for all images",
    });
  }
  const allowHttp = options.flag("insecure-allow-http");
  const found: Found[] = [];
  // All keys are read before the first is trusted.
  for (const source of args) found.push({ source, keys: await readKeys(context, source, allowHttp) });
  const reviews = found.flatMap(({ source, keys }) => keys.map((key) => ({ key, source, scope })));
  let added = 0;
  try {
    for (const review of reviews) {
      if (!(await reviewKey(context, options, review))) continue;
      if (await addKey(context, review.key, scope)) added += 1;
    }
  } finally {
    // Also when a later key failed: what was added counts.
    if (added > 0) await judgeAgain(context);
  }
  return 0;
}

const unnamed = "Cannot read the public key: ";

/** Errors name the file: one of several may be no key. */
async function readKeys(context: Context, source: string, allowHttp: boolean): Promise<PublicKey[]> {
  const data = await readKeySource(context, source, allowHttp);
  try {
    return await readPublicKeys(data);
  } catch (error) {
    if (!(error instanceof RktError) || !error.message.startsWith(unnamed)) throw error;
    throw new RktError(error.code, `Cannot read the public key ${quoteText(source)}: ${error.message.slice(unnamed.length)}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}

interface Found {
  readonly source: string;
  readonly keys: readonly PublicKey[];
}

/** Shows the key; true where it is to be trusted. */
async function reviewKey(context: Context, options: OptionValues, review: Reviewed): Promise<boolean> {
  const { key, source, scope } = review;
  const lines = [
    scope === "root" ? "root" : `prefix: ${quoteText(scope.prefix)}`,
    `key: ${quoteText(source)}`,
    ...describeKey(key, context.host.clock.now()),
  ];
  context.stderr.write(`${lines.join("\n")}\n`);
  if (options.flag("skip-fingerprint-review")) {
    context.stderr.write(`Trusting ${quoteText(source)} for ${describeScope(scope)} without fingerprint review.\n`);
    return true;
  }
  const terminal = { input: context.stdin, output: context.stderr, isTerminal: context.isTerminal };
  const accepted = await confirm(
    terminal,
    "Are you sure you want to trust this key",
    "Review the fingerprint by other means and give --skip-fingerprint-review",
  );
  if (!accepted) context.stderr.write(`Not trusting ${quoteText(source)}.\n`);
  return accepted;
}

interface Reviewed {
  readonly key: PublicKey;
  readonly source: string;
  readonly scope: KeyScope;
}

/** False where it was there already. */
async function addKey(context: Context, key: PublicKey, scope: KeyScope): Promise<boolean> {
  const keys = openTrustedKeys(context);
  const known = await keys.find(key, scope);
  if (known !== undefined) {
    context.stderr.write(`The key is there already for ${describeScope(scope)}, at ${quoteText(known)}\n`);
    return false;
  }
  const path = await keys.add(key, scope);
  context.stderr.write(`Added key for ${describeScope(scope)} at ${quoteText(path)}\n`);
  queueEvent({ name: "trusted", keyFingerprint: key.fingerprint, text: `Trusted key ${key.fingerprint} for ${describeScope(scope)}` });
  return true;
}
