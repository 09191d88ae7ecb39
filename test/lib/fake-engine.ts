import type { Engine, PodDescription } from "../../src/pod/engine.ts";
import { quoteArgv, quoteValue } from "../../src/unit/quote.ts";
import { serializeUnitFile, unitFile } from "../../src/unit/unit-file.ts";

/** The least that an engine is: one unit per app, nothing isolated. Where `src/` needs some engine, tests hand it this one. */
export function createFakeEngine(): Engine {
  return {
    name: "fake",
    check: () => undefined,
    plan: (pod) => ({
      files: [{ kind: "directory", path: "units", mode: 0o755 }, ...pod.apps.map((app) => unitOf(app))],
      argv: ["/usr/bin/true", pod.uuid],
      service: [["SyslogIdentifier", `rkt-${pod.uuid}`]],
      stopCommands: [],
      stopTimeoutUsec: Math.max(...pod.apps.map((app) => app.stopTimeoutUsec)),
    }),
  };
}

function unitOf(app: PodDescription["apps"][number]) {
  const environment = app.environment.map(({ name, value }) => ["Environment", quoteValue(`${name}=${value}`)] as const);
  const content = serializeUnitFile(unitFile({ Service: [["ExecStart", quoteArgv(app.exec)], ...environment] }));
  return { kind: "file", path: `units/${app.name}.service`, mode: 0o644, content } as const;
}
