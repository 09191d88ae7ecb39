/**
 * System calls one by one, for code that writes many files or foreign names: archives, the store.
 * Paths are bytes, because names in an archive need not be UTF-8. Nothing here follows a link in the last component.
 */
export interface RawFiles {
  /** O_EXCL, O_NOFOLLOW, for writing: fails where anything exists under the name. Returns a descriptor for `write` and `close`. */
  create(path: RawPath, mode: number): number;
  /** Writes all of it. */
  write(fd: number, data: Uint8Array): void;
  /** fsync(2). */
  syncDescriptor(fd: number): void;
  close(fd: number): void;
  /** fchown(2) before fchmod(2): a change of owner clears the setuid bits. */
  setOwnerAndMode(fd: number, owner: Owner | undefined, mode: number): void;

  mkdir(path: RawPath, mode: number): void;
  /** Of an empty directory. */
  rmdir(path: RawPath): void;
  unlink(path: RawPath): void;
  symlink(target: RawPath, path: RawPath): void;
  /** Hard link; a link as `existing` is linked itself, not followed. */
  link(existing: RawPath, path: RawPath): void;
  /** mknod(2) without the mode's subtraction by umask being relied on: set the mode afterwards. */
  makeNode(path: RawPath, node: DeviceNode, mode: number): void;
  /** lchown(2). */
  chown(path: RawPath, owner: Owner): void;
  /** chmod(2): callers have seen that it is no link. */
  chmod(path: RawPath, mode: number): void;
  /** utimensat(2) of the link itself: both times. */
  setTimes(path: RawPath, seconds: number, nanoseconds: number): void;
  setXattr(path: RawPath, name: string, value: Buffer): void;
  /** undefined where the attribute is missing. */
  getXattr(path: RawPath, name: string): Buffer | undefined;
  listXattrs(path: RawPath): string[];
  /** The file's type by lstat(2); undefined where missing. */
  typeOf(path: RawPath): RawType | undefined;
  /** Names in a directory, bytes, unsorted. */
  list(path: RawPath): Buffer[];
  /** Copies a regular file's content to a new file: reflink where the file system can, else in the kernel. */
  copy(from: RawPath, to: RawPath, mode: number): void;
}

export type RawPath = string | Buffer;

export type RawType = "file" | "directory" | "symlink" | "fifo" | "socket" | "block" | "character";

export interface Owner {
  readonly uid: number;
  readonly gid: number;
}

export type DeviceNode =
  | { readonly type: "fifo" }
  | { readonly type: "character" | "block"; readonly major: number; readonly minor: number };
