export interface EnterRequest {
  /** The pod's PID 1, as the host numbers it. */
  readonly leader: number;
  /** `enterUnitName`: the pod has drop-ins under its prefix, with the app's limits. They win over what is asked here. */
  readonly unit: string;
  /** The app's own unit in the pod, "etcd.service": the command joins its control group, so it must run. */
  readonly appUnit: string;
  /** argv[0] is a path in the app's root, or a name that systemd looks up there. */
  readonly argv: readonly string[];
  /** Directories in the app's root where a name is looked up: PID 1's own idea has no /bin where /bin and /usr/bin are one. */
  readonly searchPath: readonly string[];
  /** `NAME=value`, on top of the app's. */
  readonly environment: readonly string[];
  /** Names or numbers, as User= and Group= take them. */
  readonly user: string;
  readonly group: string;
  readonly supplementaryGroups: readonly string[];
  readonly workingDirectory: string;
  /**
   * Standard input, output and error: a descriptor of this process, or the pod's terminal below. Never hand a terminal of the
   * host over: whoever holds a terminal can type into it.
   */
  readonly stdio: readonly [EnterStream, EnterStream, EnterStream];
  /** As the pod sees it: "/dev/pts/3". */
  readonly terminal?: string;
  /** Called when the command runs. */
  readonly onStart?: (session: EnterSession) => void;
}

export type EnterStream = number | "terminal";

export interface EnterSession {
  /** Sends a signal, by number, to all of its processes that are still in the session's own control group, and to its first. */
  kill(signal: number): Promise<void>;
}
