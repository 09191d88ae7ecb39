/** rkt's directories on a host, all absolute. */
export interface Paths {
  /** /var/lib/rkt */
  readonly dataDir: string;
  /** /run/rkt */
  readonly runDir: string;
  /** /etc/rkt */
  readonly etcDir: string;
  /** /usr/lib/rkt */
  readonly libDir: string;
}

export const DEFAULT_PATHS: Paths = { dataDir: "/var/lib/rkt", runDir: "/run/rkt", etcDir: "/etc/rkt", libDir: "/usr/lib/rkt" };

/** Values of the global flags, already absolute. */
export interface PathOverrides {
  /** `--dir` */
  readonly dir?: string;
  /** `--local-config` */
  readonly localConfig?: string;
  /** `--system-config` */
  readonly systemConfig?: string;
}

export function overridePaths(overrides: PathOverrides): Paths {
  return {
    dataDir: overrides.dir ?? DEFAULT_PATHS.dataDir,
    runDir: DEFAULT_PATHS.runDir,
    etcDir: overrides.localConfig ?? DEFAULT_PATHS.etcDir,
    libDir: overrides.systemConfig ?? DEFAULT_PATHS.libDir,
  };
}

/** Where `.pod` files lie; of two files of one name the one in the earlier directory counts. */
export function podFileDirectories(paths: Pick<Paths, "etcDir" | "runDir" | "libDir">): string[] {
  return [paths.etcDir, paths.runDir, paths.libDir].map((directory) => `${directory}/pods.d`);
}
