import { type ImageId, parseImageId } from "../../base/id.ts";
import { type Chunks, hashAlong } from "../../host/hash-along.ts";
import type { Hashes } from "../../host/host.ts";

/** Lets an action read an uncompressed archive, and tells the ID of an image: the sha512 of the very bytes that the action got. */
export async function identify<Result>(
  hashes: Hashes,
  archive: Chunks,
  read: (chunks: AsyncIterable<Uint8Array>) => Promise<Result>,
): Promise<{ readonly result: Result; readonly id: ImageId }> {
  const hash = hashes.open("sha512");
  const result = await read(hashAlong(archive, [hash]));
  return { result, id: parseImageId(`sha512-${(await hash.digest()).toString("hex")}`) };
}
