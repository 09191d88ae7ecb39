import { RktError, messageOf } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Context } from "./context.ts";
import type { OptionValues } from "./options.ts";

/** Status of a command whose --uuid-file cannot be read, where that is not the usual one. */
type Unreadable = { readonly exitCode: number } | Record<never, never>;

/** The pods that a command's arguments and its --uuid-file name. Throws `usage` when there are none. */
export function podArguments(context: Context, args: readonly string[], options: OptionValues, unreadable: Unreadable = {}): string[] {
  const file = options.text("uuid-file");
  const names = file === undefined ? [...args] : [...args, readUuidFile(context, file, unreadable)];
  if (names.length === 0) throw new RktError("usage", "Cannot tell which pod is meant: neither a UUID or name nor --uuid-file was given");
  return names;
}

/** The one pod that is meant. */
export function podArgument(context: Context, args: readonly string[], options: OptionValues, unreadable: Unreadable = {}): string {
  const [name = "", ...others] = podArguments(context, args, options, unreadable);
  if (others.length > 0) throw new RktError("usage", "Cannot tell which pod is meant: several were given");
  return name;
}

function readUuidFile(context: Context, path: string, unreadable: Unreadable): string {
  try {
    return context.host.files.readText(path).trim();
  } catch (cause) {
    throw new RktError("uuid-file", `Cannot read the UUID file ${quoteText(path)}: ${messageOf(cause)}`, { cause, ...unreadable });
  }
}
