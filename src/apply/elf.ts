/** What the head of an ELF file tells (elf(5)). */

interface Machine {
  /** As `uname -m` names it, or the number of the ELF header. */
  readonly name: string;
  readonly here: string;
  readonly runsHere: boolean;
}

const names: Readonly<Record<number, string>> = {
  3: "i386",
  8: "mips",
  20: "ppc",
  21: "ppc64",
  22: "s390x",
  40: "arm",
  62: "x86_64",
  183: "aarch64",
  243: "riscv64",
};

/** `process.arch` → machines whose programs its kernels execute, its own first. */
const runnable: Readonly<Record<string, readonly number[]>> = { x64: [62, 3], arm64: [183, 40] };

const isElf = (head: Buffer): boolean => head.length >= 52 && head.toString("latin1", 0, 4) === "\x7fELF";
const isBig = (head: Buffer): boolean => head[5] === 2;

/** undefined where it is no ELF file. */
export function machineOf(head: Buffer): Machine | undefined {
  if (!isElf(head)) return undefined;
  const number = isBig(head) ? head.readUInt16BE(18) : head.readUInt16LE(18);
  const known = runnable[process.arch];
  const nameOf = (machine: number): string => names[machine] ?? `ELF machine ${machine}`;
  return {
    name: nameOf(number),
    here: known?.[0] === undefined ? process.arch : nameOf(known[0]),
    runsHere: known?.includes(number) ?? true,
  };
}

/** PT_INTERP: the dynamic loader. undefined: a static program, or one that this cannot read. Little-endian only, as what runs here is. */
export function interpreterOf(head: Buffer): string | undefined {
  if (!isElf(head) || isBig(head)) return undefined;
  const wide = head[4] === 2;
  if (wide && head.length < 64) return undefined;
  const start = wide ? Number(head.readBigUInt64LE(32)) : head.readUInt32LE(28);
  const size = head.readUInt16LE(wide ? 54 : 42);
  const count = head.readUInt16LE(wide ? 56 : 44);
  for (let index = 0; index < count; index += 1) {
    const at = start + index * size;
    if (at + (wide ? 56 : 32) > head.length) return undefined;
    if (head.readUInt32LE(at) !== 3) continue;
    const offset = wide ? Number(head.readBigUInt64LE(at + 8)) : head.readUInt32LE(at + 4);
    const length = wide ? Number(head.readBigUInt64LE(at + 32)) : head.readUInt32LE(at + 16);
    if (length < 2 || length > 4096 || offset + length > head.length) return undefined;
    return head.toString("utf8", offset, offset + length - 1).split("\0", 1)[0];
  }
  return undefined;
}
