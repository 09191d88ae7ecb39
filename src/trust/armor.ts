/** One `-----BEGIN PGP …-----` block of a text that may hold several. */
export interface ArmorBlock {
  /** "PUBLIC KEY BLOCK", "SIGNATURE", … */
  readonly type: string;
  readonly text: string;
}

/**
 * The armored blocks of a file in their order; empty when there is none. Text around them is ignored, as gpg does.
 * openpgp reads only the first block of a text, so several keys or signatures in one file need this.
 */
export function splitArmor(data: Buffer): ArmorBlock[] {
  const text = data.toString("latin1").replaceAll("\r\n", "\n");
  const blocks = text.matchAll(/^-----BEGIN PGP ([A-Z0-9 ,/]+)-----[ \t]*\n[^]*?\n-----END PGP \1-----[ \t]*$/gm);
  return Array.from(blocks, (match) => ({ type: match[1] ?? "", text: match[0] }));
}
