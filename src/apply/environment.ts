import type { ResolvedUser } from "./users.ts";

export interface Variable {
  readonly name: string;
  readonly value: string;
}

const defaultPath = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

/**
 * The complete environment of an app (appc spec, "Executor environment"), in the order of precedence, lowest first: what every
 * app gets, the image's, Environment=, EnvironmentFile=. AC_APP_NAME and container cannot be overridden.
 */
export function composeEnvironment(appName: string, user: ResolvedUser, layers: readonly (readonly Variable[])[]): Variable[] {
  const variables = new Map<string, string>([
    ["PATH", defaultPath],
    ["HOME", user.home === undefined || user.home === "" ? (user.uid === 0 ? "/root" : "/") : user.home],
    ["USER", user.name ?? (user.uid === 0 ? "root" : String(user.uid))],
    ["LOGNAME", user.name ?? (user.uid === 0 ? "root" : String(user.uid))],
    ["SHELL", user.shell === undefined || user.shell === "" ? "/bin/sh" : user.shell],
  ]);
  for (const layer of layers) for (const { name, value } of layer) variables.set(name, value);
  variables.set("AC_APP_NAME", appName);
  variables.set("container", "rkt");
  return [...variables].map(([name, value]) => ({ name, value }));
}
