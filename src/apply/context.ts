import type { Host } from "../host/host.ts";
import type { Paths } from "../config/paths.ts";
import type { Engine } from "../pod/engine.ts";
import type { PodDirectories } from "../pod/paths.ts";
import type { Said } from "../spec/merge-config.ts";
import type { Store } from "../store/store.ts";
import type { Manager } from "../systemd/manager.ts";
import type { Keystore } from "../trust/keystore.ts";

/** What the functions of this folder work with. `bin` makes it: only there the engines are known. */
export interface ApplyContext {
  readonly host: Host;
  readonly paths: Paths;
  readonly dirs: PodDirectories;
  readonly store: Store;
  readonly keystore: Keystore;
  readonly engines: readonly Engine[];
  /** rkt's version. */
  readonly version: string;
  /** Where the units of pods stand: `attachedDirectory`, but in tests. */
  readonly unitDirectory: string;
  /** PID 1; undefined where systemd does not run, or cannot be asked yet (early at boot). */
  readonly manager: Manager | undefined;
  /** What the files of stage1.d say, read when an engine asks. */
  stage1Config(): readonly Said[];
  /** One line for the user, while work goes on. */
  say(line: string): void;
}
