import type { ImageReference } from "../../spec/image-reference.ts";
import type { Host } from "../../host/host.ts";
import type { Auth } from "../../spec/setting.ts";
import type { InsecureOption } from "../insecure.ts";

/** What the configuration says to send to a host (`HOST` or `HOST:PORT`, as a URL has it). Asked for https only. */
export type FindAuth = (host: string) => Auth | undefined;

/** What a source may use. */
export interface SourceContext {
  readonly host: Host;
  readonly insecure: ReadonlySet<InsecureOption>;
  /** No more bytes than this are taken, whatever a server says of its size. */
  readonly largestImage: number;
  /** Without it nobody is told who asks. */
  readonly findAuth?: FindAuth;
  /** Called now and then while bytes come; `total` is what the other side says it will send. */
  readonly progress?: (event: ProgressEvent) => void;
}

export interface ProgressEvent {
  readonly what: "signature" | "image";
  /** Where from, not escaped. */
  readonly source: string;
  readonly received: number;
  readonly total?: number;
}

/**
 * A place that images come from. One file per kind, listed in `index.ts`. A source believes nothing and verifies nothing: it brings bytes.
 */
export interface ImageSource {
  /** Which references are its own. */
  accepts(reference: ImageReference): boolean;
  /** Throws what readImage would, as far as that is known without asking anybody: no signature is missed of an image that is missing. */
  assertThere(context: SourceContext, reference: ImageReference): void;
  /** The detached signature that lies beside the image. Throws `image-no-signature` where there is none. */
  readSignature(context: SourceContext, reference: ImageReference): Promise<Buffer>;
  /** Brings the image into a new file, whole, or throws; what a throw leaves is the caller's to remove. */
  readImage(context: SourceContext, reference: ImageReference, target: string): Promise<void>;
}

/** Signatures are a few hundred bytes for each signer. */
export const largestSignature = 1024 * 1024;

/** `x.aci` → `x.aci.asc`, as the original. */
export const signatureSuffix = ".asc";
