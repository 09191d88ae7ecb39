import { basename, dirname, join, resolve } from "node:path";
import { diskFull } from "../base/disk-full.ts";
import { errno, messageOf, RktError } from "../base/error.ts";
import { quoteText } from "../base/escape.ts";
import type { Host } from "../host/host.ts";
import type { StoredImage } from "../store/image.ts";
import type { Store } from "../store/store.ts";
import { storeFull } from "./explain-store.ts";

export interface ExportedTree {
  /** Absolute, topmost first: the writable layer of a pod that has ended, then the image's trees. */
  readonly layers: readonly string[];
  /** Whose manifest the new image has. */
  readonly image: StoredImage;
}

/**
 * The layers are laid over each other as they were in the pod, in a mount namespace that ends with this script, and packed from there:
 * what the app removed is not there. `--sort` and `-n` make equal trees equal files.
 */
const script = `
work=$1 layers=$2 count=$3
if [ "$count" = 1 ]; then mount --bind -- "$layers" "$work/rootfs"
# What libmount 2.39 does otherwise has room for 255 bytes of layers.
else LIBMOUNT_FORCE_MOUNT2=always mount -t overlay -o "ro,userxattr,lowerdir=$layers" overlay "$work/rootfs"; fi
touch --date=@0 "$work/manifest"
tar --create --file="$work/tar" --format=posix --numeric-owner --sort=name --one-file-system \\
  --xattrs --xattrs-include='*' --xattrs-exclude='security.selinux' --xattrs-exclude='user.overlay.*' \\
  --pax-option=exthdr.name=%d/PaxHeaders/%f,delete=atime,delete=ctime \\
  --warning=no-file-ignored --directory="$work" manifest rootfs
gzip --no-name --stdout "$work/tar" >"$work/aci"
rm "$work/tar"`;

/** Writes an image that stands by itself: a gzipped ACI, whole or not at all. Needs root. */
export async function exportTree(
  context: { readonly host: Host; readonly store: Store },
  { layers, image }: ExportedTree,
  file: string,
  { overwrite }: { readonly overwrite: boolean },
): Promise<void> {
  const { files, programs, raw } = context.host;
  const target = resolve(file);
  if (!overwrite && files.tryLstat(target) !== undefined) throw existing(file);
  const temporary = join(dirname(target), `.${basename(target)}.${context.host.random(6).toString("hex")}.tmp`);
  const failed = `Cannot export to ${quoteText(file)}`;
  const staging = inStore(context.store, failed, () => context.store.stage());
  try {
    const { dependencies: _, pathWhitelist: __, ...manifest } = image.manifest;
    const words = [staging.path, layers.map(escapeLayer).join(":"), String(layers.length)];
    inStore(context.store, failed, () => {
      files.write(join(staging.path, "manifest"), `${JSON.stringify(manifest)}\n`, { mode: 0o644 });
      files.mkdir(join(staging.path, "rootfs"), { mode: 0o755 });
      programs.run(["unshare", "--mount", "--propagation=private", "sh", "-euc", script, "sh", ...words], { timeout: 3_600_000 });
    });
    // Made and written at once: who may write in that directory cannot lead this elsewhere.
    raw.copy(join(staging.path, "aci"), temporary, 0o644);
    files.sync(temporary);
    if (overwrite) files.rename(temporary, target);
    else {
      files.link(temporary, target);
      files.unlink(temporary);
    }
    files.sync(dirname(target));
  } catch (error) {
    if (errno(error) === "EEXIST") throw existing(file);
    const full = diskFull(error, failed, { place: dirname(target) });
    throw full ?? new RktError("export-failed", `${failed}: ${messageOf(error)}`, { cause: error });
  } finally {
    if (files.tryLstat(temporary) !== undefined) files.unlink(temporary);
    staging.release();
  }
}

function inStore<Result>(store: Store, failed: string, work: () => Result): Result {
  try {
    return work();
  } catch (error) {
    throw storeFull(error, failed, store) ?? error;
  }
}

function existing(file: string): RktError {
  return new RktError("export-exists", `Cannot export to ${quoteText(file)}: it exists`, { hint: `"--overwrite" replaces it` });
}

/** overlayfs separates directories by colons; a bind mount takes the path as it is. */
function escapeLayer(path: string, _index: number, all: readonly string[]): string {
  return all.length === 1 ? path : path.replaceAll("\\", "\\\\").replaceAll(":", "\\:").replaceAll(",", "\\,");
}
