import { buffer } from "node:stream/consumers";
import { gzipSync } from "node:zlib";
import { type Pack, pack } from "tar-stream";
import { EPOCH } from "../build/paths.ts";
import type { Contents } from "./contents.ts";

const owner = { uid: 0, gid: 0, uname: "", gname: "", mtime: new Date(EPOCH * 1000) };

/** An image archive (appc 0.8.11): everything root's, of one date, in order. */
export async function packAci(manifest: object, contents: Contents): Promise<Buffer> {
  const archive = pack();
  const bytes = buffer(archive);
  archive.entry({ ...owner, name: "manifest", mode: 0o644 }, `${JSON.stringify(manifest)}\n`);
  for (const path of directoriesOf(contents)) archive.entry({ ...owner, name: path, type: "directory", mode: 0o755 });
  for (const path of [...contents.keys()].toSorted()) addFile(archive, path, contents);
  archive.finalize();
  return gzipSync(await bytes);
}

function addFile(archive: Pack, path: string, contents: Contents): void {
  const file = contents.get(path);
  const name = `rootfs/${path}`;
  if (file === undefined) return;
  if ("target" in file) archive.entry({ ...owner, name, type: "symlink", linkname: file.target, mode: 0o777 });
  else archive.entry({ ...owner, name, mode: file.mode }, file.content);
}

/** Parents before children; those that links at the top lead to are there in any case. */
function directoriesOf(contents: Contents): string[] {
  const links = [...contents.values()].flatMap((file) => ("target" in file && file.target.startsWith("usr/") ? [file.target] : []));
  const parents = [...contents.keys()].flatMap((path) => parentsOf(path));
  return [...new Set(["rootfs", ...parents, ...links.map((path) => `rootfs/${path}`)])].toSorted();
}

function parentsOf(path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, index) => `rootfs/${names.slice(0, index + 1).join("/")}`);
}
