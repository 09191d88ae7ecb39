import type { Duplex } from "node:stream";

/** D-Bus specification, "Authentication Protocol": longer lines than this are nobody's. */
const LONGEST_LINE = 16_384;

/**
 * Authenticates as this process's user. All our lines go out at once, as systemd's own clients send them: a message that
 * arrives together with a late BEGIN stays unread in PID 1 until the next one comes, and descriptors with it are refused.
 */
export async function shakeHands(stream: Duplex, descriptors: boolean): Promise<void> {
  const user = Buffer.from(String(process.getuid?.() ?? 0)).toString("hex");
  const negotiate = descriptors ? "NEGOTIATE_UNIX_FD\r\n" : "";
  stream.write(Buffer.from(`\0AUTH EXTERNAL ${user}\r\n${negotiate}BEGIN\r\n`));
  await expectLine(stream, "OK ", "it does not accept this user");
  if (descriptors) await expectLine(stream, "AGREE_UNIX_FD", "it does not accept descriptors");
}

async function expectLine(stream: Duplex, start: string, otherwise: string): Promise<void> {
  const line = await readLine(stream);
  if (!line.startsWith(start)) throw new Error(`${otherwise} (${line})`);
}

/** Byte by byte: what follows the line belongs to the messages. */
function readLine(stream: Duplex): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  const bytes: number[] = [];
  function readable(): void {
    for (let byte = readByte(stream); byte !== undefined; byte = readByte(stream)) {
      if (byte === 0x0a) return resolve(Buffer.from(bytes).toString("latin1").trim());
      bytes.push(byte);
      if (bytes.length > LONGEST_LINE) return reject(new Error("it does not speak D-Bus"));
    }
  }
  stream.on("readable", readable);
  readable();
  return promise.finally(() => stream.off("readable", readable));
}

function readByte(stream: Duplex): number | undefined {
  const chunk: unknown = stream.read(1);
  return Buffer.isBuffer(chunk) ? chunk[0] : undefined;
}
