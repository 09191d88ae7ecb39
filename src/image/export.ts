import { basename, dirname, join, resolve } from "node:path";
import { diskFull } from "../base/disk-full.ts";
import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { StoredImage } from "../store/image.ts";
import type { Store } from "../store/store.ts";

export interface ExportOptions {
  /** Replace an existing file. Default false: `export-exists`. */
  readonly overwrite?: boolean;
}

/** Writes an image's archive, uncompressed, to a file: whole or not at all. */
export function exportImage(
  context: { readonly host: Host; readonly store: Store },
  image: StoredImage,
  file: string,
  options: ExportOptions = {},
): void {
  const { files, raw } = context.host;
  const target = resolve(file);
  const temporary = join(dirname(target), `.${basename(target)}.${context.host.random(6).toString("hex")}.tmp`);
  try {
    raw.copy(context.store.blobPath(image.id), temporary, 0o644);
    files.sync(temporary);
    if (options.overwrite === true) files.rename(temporary, target);
    else {
      files.link(temporary, target);
      files.unlink(temporary);
    }
    files.sync(dirname(target));
  } catch (error) {
    if (files.tryLstat(temporary) !== undefined) files.unlink(temporary);
    if (errno(error) === "EEXIST") {
      throw new RktError("export-exists", `Cannot export to ${quoteText(file)}: it exists`, { hint: `"--overwrite" replaces it` });
    }
    const failed = `Cannot export to ${quoteText(file)}`;
    const full = diskFull(error, failed, { place: dirname(target) });
    throw full ?? new RktError("export-failed", `${failed}: ${messageOf(error)}`, { cause: error });
  }
}
