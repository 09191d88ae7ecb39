import { basename } from "node:path";
import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { queueEvent } from "../../journal/events.ts";
import type { Keystore, ListedKey } from "../../trust/keystore.ts";
import type { Context } from "../context.ts";
import { forEachArgument } from "../for-each.ts";
import { judgeAgain } from "../judge-again.ts";
import type { OptionValues } from "../options.ts";
import { describeScope, openTrustedKeys, readScope } from "../trusted-keys.ts";

/** What gpg shows as a key's short form; less could be guessed wrong. */
const SHORTEST = 8;

export async function run(context: Context, args: readonly string[], options: OptionValues): Promise<number> {
  const scope = readScope(options);
  const keystore = openTrustedKeys(context);
  let removed = 0;
  const status = await forEachArgument({ context, command: "trust rm" }, args, async (text) => {
    const fingerprint = await findFingerprint(keystore, text);
    for (const { path, prefix, how } of keystore.remove(fingerprint, scope)) {
      removed += 1;
      const place = describeScope(prefix === undefined ? "root" : { prefix });
      context.stderr.write(
        how === "masked" ? `Masked key for ${place} by ${quoteText(path)}\n` : `Removed key for ${place} at ${quoteText(path)}\n`,
      );
      queueEvent({ name: "key-removed", keyFingerprint: fingerprint, text: `Key ${fingerprint} is not trusted for ${place} any more` });
    }
  });
  if (removed > 0) await judgeAgain(context);
  return status;
}

/** The whole fingerprint of the one key that is meant: as gpg prints it, or its beginning or end. */
async function findFingerprint(keystore: Keystore, text: string): Promise<string> {
  const wanted = text.replaceAll(" ", "").replace(/^0x/i, "").toLowerCase();
  if (!/^[0-9a-f]+$/.test(wanted) || wanted.length < SHORTEST) {
    throw new RktError("fingerprint-invalid", `Cannot use ${quoteText(text)} as a fingerprint`, {
      hint: `At least ${SHORTEST} hex digits; "rkt trust list" shows them`,
    });
  }
  const names = [...new Set((await keystore.list()).filter(isPresent).map((key) => basename(key.path)))];
  const matches = names.filter((name) => name.startsWith(wanted) || name.endsWith(wanted));
  const [match] = matches;
  if (match === undefined) {
    throw new RktError("key-not-trusted", `Cannot remove key ${quoteText(text)}: it is not trusted`, {
      hint: `"rkt trust list" shows the trusted keys`,
    });
  }
  if (matches.length > 1) {
    throw new RktError("fingerprint-ambiguous", `Cannot remove key ${quoteText(text)}: it may be ${matches.join(" or ")}`);
  }
  return match;
}

function isPresent(key: ListedKey): boolean {
  return !key.masked;
}
