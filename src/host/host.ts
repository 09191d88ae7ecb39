import type { RawFiles } from "./raw.ts";

/**
 * The one door to the kernel and to other programs. Everything above takes a `Host`; tests hand a recording one.
 * File operations are synchronous (a command line tool waits anyway, and every mutating call is then a system call
 * in a known order, which the kill-at-every-point tests rely on). Paths are absolute. Errors are Node's system errors
 * (`errno(error)` tells ENOENT and the like); callers that know what they were doing wrap them.
 */
export interface Host {
  readonly files: Files;
  /** For archives and the store: names as bytes, one system call each. */
  readonly raw: RawFiles;
  readonly programs: Programs;
  readonly locks: Locks;
  readonly hashes: Hashes;
  readonly sockets: Sockets;
  readonly clock: Clock;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Effective user and supplementary groups of this process. */
  readonly uid: number;
  readonly gid: number;
  /** Of an architecture, as the kernel's AUDIT_ARCH_*; undefined where nobody knows it. */
  systemCallName(architecture: number, number: number): string | undefined;
  /** Random bytes from the kernel. */
  random(length: number): Buffer;
}

export interface FileStat {
  readonly type: "file" | "directory" | "symlink" | "fifo" | "socket" | "block" | "character";
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly size: number;
  readonly dev: number;
  readonly ino: number;
  readonly nlink: number;
  readonly rdev: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
}

export interface WriteOptions {
  readonly mode?: number;
  readonly uid?: number;
  readonly gid?: number;
}

export interface Files {
  readText(path: string): string;
  read(path: string): Buffer;
  /** undefined where the file is missing. */
  tryReadText(path: string): string | undefined;
  stat(path: string): FileStat;
  /** Does not follow the last link; undefined where missing. */
  tryLstat(path: string): FileStat | undefined;
  tryStat(path: string): FileStat | undefined;
  exists(path: string): boolean;
  /** The file's bytes in blocks of 512 KiB, each read when it is asked for. A block stays as it is until the eighth after it is asked for. */
  blocks(path: string): Iterable<Uint8Array>;
  /** Sorted names; throws ENOENT. */
  list(path: string): string[];
  /** Sorted names; empty where the directory is missing. */
  tryList(path: string): string[];
  readLink(path: string): string;
  realPath(path: string): string;

  /** Whole or not at all: temporary name in the same directory, fsync, rename, fsync of the directory. */
  writeAtomic(path: string, data: string | Buffer, options?: WriteOptions): void;
  /** Plain write, for trees that become visible by a later rename. */
  write(path: string, data: string | Buffer, options?: WriteOptions): void;
  mkdir(path: string, options?: WriteOptions & { readonly recursive?: boolean }): void;
  symlink(target: string, path: string): void;
  link(existing: string, path: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  /** Removes a tree; never follows links, never crosses into another mount; missing is fine. */
  removeTree(path: string): void;
  chmod(path: string, mode: number): void;
  chown(path: string, uid: number, gid: number): void;
  setTimes(path: string, atimeMs: number, mtimeMs: number): void;
  /**
   * Pins what stands at `path` below `root` without following a link anywhere in it, for trees that somebody hostile may change:
   * ELOOP or ENOTDIR where one is met. `root` itself may be a link, as /proc/PID/root is.
   */
  openWithin(root: string, path: string): PinnedFile;
  /** fsync of a file or a directory. */
  sync(path: string): void;
  /** The same in another thread, for who has something else to do meanwhile. Linux tells an error once: a `sync` afterwards may know of none. */
  syncMeanwhile(path: string): Promise<void>;
  /** syncfs(2) of the file system that holds the path. */
  syncFileSystem(path: string): void;
}

/** A file that stays the same one, whatever happens to its name. */
export interface PinnedFile {
  /** Leads to it, in this process, until closed. */
  readonly path: string;
  readonly type: FileStat["type"];
  readonly stat: FileStat;
  /** What a regular file of at most `limit` bytes holds. Throws EINVAL for anything else: a FIFO would never end. */
  readText(limit: number): string;
  /** The first bytes of a regular file, `limit` at most. Throws EINVAL for anything else. */
  readHead(limit: number): Buffer;
  /** open(2) for reading and writing; a terminal does not become this process's own. It stays open when the pin is closed. */
  open(): OpenFile;
  close(): void;
}

export interface OpenFile {
  readonly fd: number;
  close(): void;
}

export interface RunOptions {
  readonly input?: string | Buffer;
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** Milliseconds; the program is killed after it. Default 60 s. */
  readonly timeout?: number;
  /** Throw `program-failed` when it exits with another status than 0; its cause is ENOSPC or EDQUOT where it said so. Default true. */
  readonly check?: boolean;
}

export interface RunResult {
  readonly status: number | null;
  readonly signal: string | null;
  readonly stdout: Buffer;
  readonly stderr: Buffer;
}

export interface Programs {
  /** Runs a program to its end; argv[0] is looked up in PATH; never a shell. Throws `program-missing` with the name. */
  run(argv: readonly string[], options?: RunOptions): RunResult;
  /** Starts a filter: what is written to `input` comes out of `output`; `done` rejects on a bad exit status. */
  pipe(argv: readonly string[], options?: { readonly env?: Readonly<Record<string, string>> }): PipedProgram;
  /** Absolute path of a program in PATH, or undefined. */
  find(name: string): string | undefined;
}

export interface PipedProgram {
  readonly input: NodeJS.WritableStream;
  readonly output: NodeJS.ReadableStream;
  /** Resolves, when the program has succeeded, to what it said on standard error. */
  readonly done: Promise<string>;
  kill(): void;
}

export interface Lock {
  release(): void;
}

export interface LockOptions {
  readonly shared?: boolean;
  /** Milliseconds to wait; 0 = do not wait. Default: for ever. */
  readonly wait?: number;
}

export interface Locks {
  /** flock(2) on a file (created 0600 where missing) or a directory; undefined when it is taken and the wait is over. */
  tryLock(path: string, options?: LockOptions): Lock | undefined;
  /**
   * `DEV:INODE` (st_dev and st_ino in decimal, as stat(2) gives them) of every flock(2) lock held right now, from one read of
   * /proc/locks, whose device is MAJOR:MINOR in hex. True for tmpfs only: on btrfs the device numbers differ.
   */
  heldInodes(): ReadonlySet<string>;
  /** The same, while the caller does something else: before it lists its locks the kernel waits for an RCU grace period, 2 to 15 ms. */
  awaitHeldInodes(): Promise<ReadonlySet<string>>;
}

export interface Hashes {
  /** A digest of nothing yet. The algorithm is named as OpenSSL names it; throws where there is no such one. */
  open(algorithm: string): RunningHash;
}

/** A digest that another thread computes. */
export interface RunningHash {
  /** Chunks count in the order of the calls. Resolves when this one was taken in: until then it must stay as it is. */
  update(chunk: Uint8Array): Promise<void>;
  /** Another one, of what was given so far. */
  copy(): Promise<RunningHash>;
  /** Of all that was given. Nothing can be given afterwards. */
  digest(): Promise<Buffer>;
}

export interface Sockets {
  /**
   * A descriptor, connected to a unix stream socket as somebody who lives in the PID and user namespace of a process (as its root):
   * a server that asks who its client is, as systemd does, sees one of its own. Root only. The caller closes it.
   */
  connectInside(process: number, path: string): number;
  /** Sends bytes over a unix socket, the descriptors with the first of them. Returns how many bytes were taken. */
  sendDescriptors(socket: number, data: Buffer, descriptors: readonly number[]): number;
}

export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
}
