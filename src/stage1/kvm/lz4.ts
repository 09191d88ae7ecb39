/** Blocks of LZ4's "legacy" frames, which Linux has its images in (lz4_Block_format.md). Throws a RangeError for what is none. */
export function expandLegacyLz4(bytes: Buffer, size: number): Buffer {
  const output = Buffer.alloc(size);
  let from = 4;
  let to = 0;
  while (from + 4 <= bytes.length && to < size) {
    const length = bytes.readUInt32LE(from);
    to = expandBlock(bytes.subarray(from + 4, from + 4 + length), output, to);
    from += 4 + length;
  }
  if (to !== size) throw new RangeError("The image is shorter than it says");
  return output;
}

/** Returns where its output ends. */
function expandBlock(block: Buffer, output: Buffer, start: number): number {
  let at = 0;
  let end = start;
  const extended = (length: number): number => {
    let sum = length;
    for (let more = length === 15 ? 255 : 0; more === 255; sum += more) more = block.readUInt8(at++);
    return sum;
  };
  while (at < block.length) {
    const token = block.readUInt8(at++);
    const literals = extended(token >> 4);
    end += copy(block, at, output, end, literals);
    at += literals;
    if (at >= block.length) break;
    const distance = block.readUInt16LE(at);
    at += 2;
    const length = extended(token & 15) + 4;
    if (distance === 0 || distance > end || end + length > output.length) throw new RangeError("A match leads out of the image");
    // What is copied may be what is being written.
    for (let done = 0; done < length;) {
      const part = Math.min(distance + done, length - done);
      output.copyWithin(end + done, end - distance, end - distance + part);
      done += part;
    }
    end += length;
  }
  return end;
}

function copy(from: Buffer, at: number, to: Buffer, place: number, length: number): number {
  if (at + length > from.length || place + length > to.length) throw new RangeError("A literal leads out of the image");
  return from.copy(to, place, at, at + length);
}
