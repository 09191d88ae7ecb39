import { messageOf } from "../base/error.ts";
import { listKeyDirectories } from "../trust/key-files.ts";
import { escapePath } from "../unit/unit-name.ts";
import type { ApplyContext } from "./context.ts";

/**
 * Lets systemd watch each directory of keys below `prefix.d`, so that a key that is put or taken by hand is noticed there too.
 * Asked before the keys are read: a change after that makes the verdicts anew. Where systemd refuses, verdicts are made all the same.
 */
export async function watchKeys(context: ApplyContext): Promise<void> {
  const { host, manager, paths } = context;
  if (manager === undefined) return;
  const places = [`${paths.libDir}/trustedkeys`, `${paths.etcDir}/trustedkeys`];
  for (const directory of places.flatMap((place) => listKeyDirectories(host, place))) {
    const unit = `rkt-verdicts@${escapePath(directory)}.path`;
    try {
      if ((await manager.unitState(unit)).activeState !== "active") await manager.startUnit(unit);
    } catch (error) {
      context.say(`Cannot watch ${directory} for changes of keys: ${messageOf(error)}`);
    }
  }
}
