/** Longer than any line that a person reads; a message is stored compressed, so a small journal may hold a huge one. */
const longest = 16 << 20;

/** Lines of a stream, without their ends. One that is longer than `limit` bytes comes as undefined, and takes no memory. */
export async function* readLines(input: AsyncIterable<Buffer | string>, limit = longest): AsyncGenerator<string | undefined> {
  let parts: Buffer[] = [];
  let size = 0;
  const add = (bytes: Buffer): void => {
    size += bytes.length;
    if (size > limit) parts = [];
    else parts.push(bytes);
  };
  const take = (): string | undefined => {
    const line = size > limit ? undefined : Buffer.concat(parts).toString("utf8");
    parts = [];
    size = 0;
    return line;
  };
  for await (const chunk of input) {
    let rest = typeof chunk === "string" ? Buffer.from(chunk) : chunk;
    for (let end = rest.indexOf(10); end !== -1; end = rest.indexOf(10)) {
      add(rest.subarray(0, end));
      rest = rest.subarray(end + 1);
      yield take();
    }
    add(rest);
  }
  if (size > 0) yield take();
}
