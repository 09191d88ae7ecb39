import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { hasTerminal } from "../../spec/app-streams.ts";
import { isolatorDirectives, unmappedIsolators } from "../../isolator/index.ts";
import type { Host } from "../../host/host.ts";
import { sysctlFault, sysctlHint } from "../../spec/sysctl.ts";
import { checkStage1 } from "../tree/check-stage1.ts";
import type { AppDescription, PodDescription } from "../../pod/engine.ts";

/** Names of units that systemd itself expects in the pod. */
const reservedApps = new Set(["systemd-journald"]);

/** Refuses what a pod under nspawn cannot have, in one sentence each. */
export function checkPod(pod: PodDescription, host: Host): void {
  if (!host.files.exists("/usr/bin/systemd-nspawn")) {
    throw new RktError("nspawn-missing", `Cannot run pod ${quoteText(pod.name ?? pod.uuid)}: the host has no systemd-nspawn`, {
      hint: "Install the package systemd-container",
    });
  }
  checkStage1(pod, host);
  for (const app of pod.apps) {
    const where = `Cannot run app ${quoteText(app.name)}`;
    if (reservedApps.has(app.name))
      throw new RktError("app-name-reserved", `${where}: the pod's own systemd has a unit of that name`, {
        hint: "Name the app otherwise",
      });
    inApp(where, () => isolatorDirectives(app.isolators));
    const [unmapped] = unmappedIsolators(app.isolators);
    if (unmapped !== undefined) {
      throw new RktError("isolator-unsupported", `${where}: its isolator ${quoteText(unmapped)} cannot be enforced by this release`, {
        hint: "Nothing is ignored: replace it in the pod file, or take an image without it",
      });
    }
    checkTerminal(where, app, { pod, host });
    checkPaths(where, app);
    checkEnvironment(where, app);
    for (const layer of app.layers) {
      if (/[:,\\]/.test(layer))
        throw new RktError("layer-path", `${where}: overlayfs cannot mount ${quoteText(layer)}`, {
          hint: "Choose a data directory without colon, comma and backslash",
        });
    }
  }
  for (const { name } of pod.sysctls) checkSysctl(pod, name);
  checkIds(pod);
}

/** Ids that the pod's user namespace does not have. */
function checkIds({ users, apps, volumes }: PodDescription): void {
  if (users === undefined) return;
  const owned = [
    ...apps.map((app) => ({ what: `run app ${quoteText(app.name)}`, ids: [app.uid, app.gid, ...app.supplementaryGids] })),
    ...volumes.map((volume) => ({ what: `make volume ${quoteText(volume.name)}`, ids: [volume.uid, volume.gid] })),
  ];
  for (const { what, ids } of owned) {
    const beyond = ids.find((id) => id >= users.count);
    if (beyond === undefined) continue;
    throw new RktError("user-range", `Cannot ${what}: id ${beyond} is none of the pod's own, which are 0 to ${users.count - 1}`, {
      hint: "Take a smaller one, or leave private users out",
    });
  }
}

/** The program that keeps it (see README.md). */
function checkTerminal(
  where: string,
  app: AppDescription,
  { pod: { stage1 }, host }: { readonly pod: PodDescription; readonly host: Host },
): void {
  if (!hasTerminal(app.streams) || host.files.exists(`${stage1?.root ?? ""}/usr/bin/dtach`)) return;
  if (stage1 !== undefined)
    throw new RktError(
      "dtach-missing",
      `${where} on a terminal: image ${quoteText(stage1.name)} of its stage1 has no /usr/bin/dtach, which keeps it`,
      { hint: "Take an image that has it, or Stage1=nspawn" },
    );
  throw new RktError("dtach-missing", `${where} on a terminal: the host has no /usr/bin/dtach, which keeps it`, {
    hint: "Install the package dtach",
  });
}

/** A quote in a bind mount's path: systemd 257 writes it where its executor cannot read it back. A control character fits no unit. */
function checkPaths(where: string, app: AppDescription): void {
  const path = app.mounts.map((mount) => mount.path).find((text) => /["'\p{Cc}\p{Zl}\p{Zp}]/u.test(text) || !text.isWellFormed());
  if (path === undefined) return;
  throw new RktError("mount-path", `${where}: nothing can be mounted at ${quoteText(path)}`, {
    hint: "Choose a path without quotes and control characters",
  });
}

/** systemd drops a variable of another name, with a warning that nobody sees. */
function checkEnvironment(where: string, app: AppDescription): void {
  const variable = app.environment.find(({ name }) => !/^[A-Za-z_][A-Za-z0-9_]*$/.test(name));
  if (variable === undefined) return;
  throw new RktError("environment-name", `${where}: systemd passes on no environment variable called ${quoteText(variable.name)}`, {
    hint: "Take an image without it: a name has letters, digits and underscores",
  });
}

/** Only what belongs to the pod's own namespaces: everything else would be the host's. */
function checkSysctl(pod: PodDescription, name: string): void {
  const fault = sysctlFault(name, pod.network.kind === "host");
  if (fault === undefined) return;
  throw new RktError("sysctl-refused", `Cannot set ${quoteText(name)} in pod ${quoteText(pod.name ?? pod.uuid)}: ${fault}`, {
    hint: sysctlHint,
  });
}

function inApp(where: string, action: () => unknown): void {
  try {
    action();
  } catch (error) {
    if (!(error instanceof RktError)) throw error;
    throw new RktError(error.code, `${where}: ${error.message}`, {
      cause: error,
      ...(error.hint === undefined ? {} : { hint: error.hint }),
    });
  }
}
