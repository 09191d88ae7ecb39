import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { machineNameOf } from "../../base/id.ts";
import type { Host } from "../../host/host.ts";
import { unmappedIsolators } from "../../isolator/index.ts";
import type { AppDescription, PodDescription } from "../../pod/engine.ts";
import { isolatorLines, refusedIsolators } from "./isolators.ts";

/** What a pod's own journal may take where nothing is said. */
const ownJournal = 64 << 20;

/** Refuses what an app with the host's privileges and namespaces cannot have, in one sentence each. */
export function checkFly(pod: PodDescription, _host: Host): void {
  const where = `Cannot run pod ${quoteText(pod.name ?? pod.uuid)} under fly`;
  const [app] = pod.apps;
  if (app === undefined || pod.apps.length > 1) {
    throw refusal(`${where}: fly runs one app, the pod has ${pod.apps.length}`, "Make a pod of each, or take another stage1");
  }
  if (pod.network.kind !== "host") throw refusal(`${where}: it has the host's network and no other`, "Choose the network host");
  if (pod.users !== undefined) throw refusal(`${where}: it has no user namespace`, "Leave private users out");
  const [sysctl] = pod.sysctls;
  if (sysctl !== undefined)
    throw refusal(`${where}: kernel parameter ${quoteText(sysctl.name)} would be the host's own`, "Set it by sysctl.d(5)");
  if (pod.hostname !== machineNameOf(pod.uuid)) throw refusal(`${where}: its host name is the host's`, "Leave the host name out");
  if (pod.journalMaxUse !== ownJournal) throw refusal(`${where}: its lines go to the host's journal`, "Leave JournalMaxUse= out");
  if (pod.devices.length > 0) throw refusal(`${where}: the app has all of the host's devices`, "Leave the devices out");
  checkApp(app);
}

function checkApp(app: AppDescription): void {
  const where = `Cannot run app ${quoteText(app.name)} under fly`;
  if (app.streams !== undefined)
    throw refusal(
      `${where}: it keeps no terminal, and its outputs go to the journal`,
      "Leave the streams' modes out, or take another stage1",
    );
  if (app.credentials !== undefined) throw refusal(`${where}: it hands no credentials to the app`, "Mount a volume with them");
  const unmapped = [
    ...unmappedIsolators(app.isolators),
    ...app.isolators.map(({ name }) => name).filter((name) => refusedIsolators.includes(name)),
  ];
  if (unmapped[0] !== undefined) {
    throw refusal(
      `${where}: its isolator ${quoteText(unmapped[0])} cannot be enforced there`,
      "Nothing is ignored: take another stage1, or an image without it",
      "isolator-unsupported",
    );
  }
  try {
    isolatorLines(app.isolators);
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    throw new RktError(error.code, `${where}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
  const variable = app.environment.find(({ name }) => name === "" || name.includes("="));
  if (variable !== undefined)
    throw refusal(`${where}: no environment variable can be called ${quoteText(variable.name)}`, "Take an image without it");
}

function refusal(message: string, hint: string, code = "fly-refused"): RktError {
  return new RktError(code, message, { hint });
}
