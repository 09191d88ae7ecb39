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
  /** What `--user-config` names. */
  readonly userDir?: string;
  /** Where this host's pods are, if not in the default directory: what its own configuration says, whatever the flags do. */
  readonly hostDataDir?: string;
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
  /** `--user-config` */
  readonly userConfig?: string;
}

export function overridePaths(overrides: PathOverrides): Paths {
  return {
    dataDir: overrides.dir ?? DEFAULT_PATHS.dataDir,
    runDir: DEFAULT_PATHS.runDir,
    etcDir: overrides.localConfig ?? DEFAULT_PATHS.etcDir,
    libDir: overrides.systemConfig ?? DEFAULT_PATHS.libDir,
    ...(overrides.userConfig === undefined ? {} : { userDir: overrides.userConfig }),
  };
}

/** Where `.pod` files lie; of two files of one name the one in the earlier directory counts. */
export function podFileDirectories(paths: Pick<Paths, "etcDir" | "runDir" | "libDir">): string[] {
  return [paths.etcDir, paths.runDir, paths.libDir].map((directory) => `${directory}/pods.d`);
}

/** Units and boot know one data directory, the host's: pods live there only, images and lists anywhere. */
export function isHostData({ dataDir, hostDataDir }: Pick<Paths, "dataDir" | "hostDataDir">): boolean {
  return dataDir === (hostDataDir ?? DEFAULT_PATHS.dataDir);
}
