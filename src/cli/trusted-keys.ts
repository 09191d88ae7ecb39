import { RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import { parseAcIdentifier } from "../base/id.ts";
import type { KeyScope } from "../trust/key-files.ts";
import type { Keystore } from "../trust/keystore.ts";
import { openKeystore } from "../trust/keystore.ts";
import type { Context } from "./context.ts";
import type { OptionValues } from "./options.ts";

/** The keys of the distribution and of the administrator. */
export function openTrustedKeys(context: Context): Keystore {
  const { libDir, etcDir, runDir } = context.paths;
  const directories = { system: `${libDir}/trustedkeys`, local: `${etcDir}/trustedkeys` };
  return openKeystore(context.host, directories, { memory: { directory: `${runDir}/keys`, version: context.version } });
}

/** What `--prefix` and `--root` say; undefined for neither. Throws `usage` for both. */
export function readScope(options: OptionValues): KeyScope | undefined {
  const prefix = options.text("prefix");
  if (prefix !== undefined && options.flag("root")) {
    throw new RktError("usage", "Cannot tell what the keys are for: both --prefix and --root were given");
  }
  if (prefix === undefined) return options.flag("root") ? "root" : undefined;
  if (prefix.includes("://")) {
    throw new RktError("usage", `Cannot use prefix ${quoteText(prefix)}: it is a URL`, {
      hint: "A prefix is the beginning of an image's name, without scheme",
    });
  }
  return { prefix: parseAcIdentifier(prefix) };
}

/** `prefix "coreos.com/etcd"`, or `all images`. */
export function describeScope(scope: KeyScope): string {
  return scope === "root" ? "all images" : `prefix ${quoteText(scope.prefix)}`;
}
