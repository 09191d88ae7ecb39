/**
 * What a client of dtach sends (dtach.h, unchanged since 0.8): packets of ten bytes, type, length, and eight bytes of content. What the
 * server sends is the terminal's bytes and nothing else.
 */
const PACKET = 10;
const CONTENT = 8;
const types = { push: 0, attach: 1, resize: 3, redraw: 4 } as const;

/** "Send SIGWINCH to whoever is in the foreground": programs that draw the whole screen then do so. */
const BY_SIGNAL = 3;

/** dtach drops a client whose packet it reads in parts. So a message must be small enough to be queued whole or not at all. */
const MOST_PACKETS = 64;

export interface WindowSize {
  readonly columns: number;
  readonly rows: number;
}

/** From now on the terminal's output is sent. */
export function attachPacket(): Buffer {
  return packet(types.attach, 0, Buffer.alloc(0));
}

/** The size of the client's window; `redraw` also where it is that of the last one. */
export function windowPacket({ columns, rows }: WindowSize, how: "resize" | "redraw"): Buffer {
  const size = Buffer.from(Uint16Array.of(rows, columns).buffer);
  return packet(types[how], how === "redraw" ? BY_SIGNAL : 0, size);
}

/** Typed bytes, as messages to be written one after the other. */
export function* inputMessages(bytes: Uint8Array): Generator<Buffer> {
  for (let from = 0; from < bytes.length; from += MOST_PACKETS * CONTENT) {
    const part = bytes.subarray(from, from + MOST_PACKETS * CONTENT);
    const packets = Array.from({ length: Math.ceil(part.length / CONTENT) }, (_, index) => {
      const content = part.subarray(index * CONTENT, (index + 1) * CONTENT);
      return packet(types.push, content.length, content);
    });
    yield Buffer.concat(packets);
  }
}

function packet(type: number, length: number, content: Uint8Array): Buffer {
  const bytes = Buffer.alloc(PACKET);
  bytes[0] = type;
  bytes[1] = length;
  bytes.set(content, 2);
  return bytes;
}
