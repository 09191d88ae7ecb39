import { isIP } from "../../base/ip.ts";

type Environment = Readonly<Record<string, string | undefined>>;

/**
 * The environment's proxies as curl(1) and the original took them, said so that Node does, too: a proxy without a scheme speaks http, and a
 * name in NO_PROXY stands for the names below it as well.
 */
export function proxyEnvironment(env: Environment): Environment {
  const entries = Object.entries(env).map(([name, value]) => {
    if (value === undefined || value.trim() === "") return [name, value] as const;
    if (/^https?_proxy$/i.test(name)) return [name, value.includes("://") ? value : `http://${value.trim()}`] as const;
    return [name, /^no_proxy$/i.test(name) ? value.split(",").flatMap(spread).join(",") : value] as const;
  });
  return Object.fromEntries(entries);
}

function spread(entry: string): string[] {
  const name = entry.trim();
  if (name === "") return [];
  const isName =
    !/^[.*]/.test(name) && !name.includes("/") && !name.includes("[") && isIP(name.replace(/:\d+$/, "")) === 0 && isIP(name) === 0;
  return isName ? [name, `.${name}`] : [name];
}
