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
  for (const source of args) found.push({ source, keys: await readPublicKeys(await readKeySource(context, source, allowHttp)) });
  const reviews = found.flatMap(({ source, keys }) => keys.map((key) => ({ key, source, scope })));
  let added = 0;
  try {
    for (const review of reviews) {
      if (!(await reviewKey(context, options, review))) continue;
      await addKey(context, review.key, scope);
      added += 1;
    }
  } finally {
    // Also when a later key failed: what was added counts.
    if (added > 0) await judgeAgain(context);
  }
  return 0;
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

async function addKey(context: Context, key: PublicKey, scope: KeyScope): Promise<void> {
  const path = await openTrustedKeys(context).add(key, scope);
  context.stderr.write(`Added key for ${describeScope(scope)} at ${quoteText(path)}\n`);
  queueEvent({ name: "trusted", keyFingerprint: key.fingerprint, text: `Trusted key ${key.fingerprint} for ${describeScope(scope)}` });
}
