/** What an archive may cost before it is refused. */
export interface ArchiveLimits {
  /** Bytes of the uncompressed archive. */
  readonly totalBytes: number;
  /** Headers, extended ones included. */
  readonly entries: number;
  /** Bytes of a name with its folders; a file system takes 4095, the store's own path included. */
  readonly nameBytes: number;
  /** Bytes of an image manifest. */
  readonly manifestBytes: number;
}

export const defaultLimits: ArchiveLimits = {
  totalBytes: 32 * 1024 ** 3,
  entries: 1_000_000,
  nameBytes: 3072,
  manifestBytes: 16 * 1024 ** 2,
};
