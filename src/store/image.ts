import type { AcIdentifier, ImageId } from "../base/id.ts";
import type { ImageManifest, Label } from "../spec/appc.ts";
import type { SignatureFact } from "../spec/signature-fact.ts";

/**
 * The one image model: an ordered list of layers, each content-addressed, plus a config (DESIGN 12).
 * An ACI is one layer (its rootfs) plus those of its dependencies; an OCI image is its list of layers.
 */
export interface StoredImage {
  readonly id: ImageId;
  readonly format: "aci" | "oci";
  readonly name: AcIdentifier;
  readonly labels: readonly Label[];
  readonly manifest: ImageManifest;
  /** Of the last import, in milliseconds since the epoch. */
  readonly importTime: number;
  /** Of the first one, where the same content came again: it is that old among images of its name. Absent in records of earlier versions. */
  readonly firstImportTime?: number;
  readonly lastUsed: number;
  /** Bytes of blob plus rendered tree. */
  readonly size: number;
  /** Where it came from at `importTime`: a URL as the user wrote it, a file by its whole path. */
  readonly source: string;
  /** Where the same content came from before, the latest first, each place once. */
  readonly earlierSources?: readonly EarlierSource[];
  /** What was verified when it was fetched; empty when signatures were switched off. */
  readonly signatures: readonly SignatureFact[];
  /** It came from this file of the directory of stage1's images, for which no signature was asked. */
  readonly stage1File?: string;
}

/** A place that an image came from, and when it last did. */
export interface EarlierSource {
  readonly source: string;
  /** Milliseconds since the epoch. */
  readonly importTime: number;
}
