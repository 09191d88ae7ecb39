import { resolve } from "node:path";
import { messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { InsecureOption } from "../image/insecure.ts";
import { failed } from "../image/source/failed.ts";
import { requestUrl } from "../image/source/request.ts";
import type { Context } from "./context.ts";

/** More than any key has; a server must not fill the memory. */
const LARGEST_KEY = 4 * 1024 * 1024;

/** The bytes of a public key's file, from a path or a URL. http is allowed by `allowHttp` or `--insecure-options=http`. */
export async function readKeySource(context: Context, source: string, allowHttp: boolean): Promise<Buffer> {
  if (/^file:\/\//i.test(source)) return readKeyFile(context, decodeURIComponent(new URL(source).pathname));
  if (!/^[a-z][a-z0-9+.-]*:\/\//i.test(source)) return readKeyFile(context, resolve(source));
  const insecure = new Set<InsecureOption>((["tls", "http"] as const).filter((option) => context.insecure.has(option)));
  if (allowHttp) insecure.add("http");
  const response = await requestUrl({ host: context.host, insecure, largestImage: LARGEST_KEY }, source);
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > LARGEST_KEY) throw failed(source, `it has more than ${LARGEST_KEY} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

function readKeyFile(context: Context, path: string): Buffer {
  try {
    return context.host.files.read(path);
  } catch (cause) {
    throw new RktError("key-unreadable", `Cannot read the public key ${quoteText(path)}: ${messageOf(cause)}`, { cause });
  }
}
