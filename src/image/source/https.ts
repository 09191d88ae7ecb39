import type { IncomingMessage } from "node:http";
import { messageOf, RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import type { ImageReference } from "../../spec/image-reference.ts";
import { failed } from "./failed.ts";
import { type ImageSource, largestSignature, type ProgressEvent, signatureSuffix, type SourceContext } from "./source.ts";

/** A URL, its signature beside it. */
export const httpsSource: ImageSource = {
  accepts: (reference) => reference.kind === "url",
  assertThere: () => undefined,
  readSignature: async (context, reference) => {
    const url = signatureUrl(urlOf(reference));
    const chunks: Uint8Array[] = [];
    const sink = { write: (chunk: Uint8Array) => void chunks.push(chunk), limit: largestSignature, what: "signature" as const };
    await download(context, url, sink).catch((error: unknown) => {
      throw error instanceof RktError && error.code === "fetch-missing" ? noSignature(url) : error;
    });
    return Buffer.concat(chunks);
  },
  readImage: async (context, reference, target) => {
    const { raw } = context.host;
    const fd = raw.create(target, 0o600);
    try {
      const sink = { write: (chunk: Uint8Array) => raw.write(fd, chunk), limit: context.largestImage, what: "image" as const };
      await download(context, urlOf(reference), sink);
    } finally {
      raw.close(fd);
    }
  },
};

interface Sink {
  write(chunk: Uint8Array): void;
  readonly limit: number;
  readonly what: ProgressEvent["what"];
}

/** Bytes in a second, of all of them: who sends fewer only keeps others waiting. */
const slowest = 1024;

/** The announced size is only shown: what comes is counted. */
async function download(context: SourceContext, url: string, sink: Sink): Promise<void> {
  // TLS takes as long to load as all the rest of a command.
  const { requestUrl } = await import("./request.ts");
  const response = await requestUrl(context, url);
  const total = announcedSize(response);
  let received = 0;
  // Not the clock, which may be set meanwhile.
  const begun = performance.now();
  for await (const chunk of receive(response, url)) {
    received += chunk.length;
    if (received > sink.limit) throw failed(url, `it has more than ${sink.limit} bytes`);
    const seconds = (performance.now() - begun) / 1000;
    if (seconds > 60 && received < seconds * slowest) throw failed(url, `fewer than ${slowest} bytes come in a second`);
    sink.write(chunk);
    context.progress?.({ what: sink.what, source: url, received, ...(total === undefined ? {} : { total }) });
  }
  if (total !== undefined && received !== total) throw failed(url, `it ended after ${received} of ${total} bytes`);
}

/** The body as it comes. What ends it early is the connection's fault; what its reader throws is not. */
async function* receive(response: IncomingMessage, url: string): AsyncGenerator<Buffer> {
  let received = 0;
  try {
    for await (const chunk of response as AsyncIterable<Buffer>) {
      received += chunk.length;
      yield chunk;
    }
  } catch (error) {
    throw failed(url, `the connection broke after ${received} bytes (${messageOf(error)})`, error);
  }
}

function announcedSize(response: IncomingMessage): number | undefined {
  const text = response.headers["content-length"];
  return text === undefined || !/^\d{1,15}$/.test(text) ? undefined : Number(text);
}

function urlOf(reference: ImageReference): string {
  return reference.kind === "url" ? reference.url : "";
}

/** The path gets the suffix; a query stays. */
function signatureUrl(address: string): string {
  const url = new URL(address);
  url.pathname += signatureSuffix;
  return String(url);
}

function noSignature(url: string): RktError {
  return new RktError("image-no-signature", `Cannot verify the image: it has no signature at ${quoteText(url)}`, {
    hint: `Say where it is with "--signature", or fetch without verification with "--insecure-options=image"`,
  });
}
