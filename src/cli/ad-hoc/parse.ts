import { RktError } from "../../base/error.ts";
import { quoteText } from "../../base/escape.ts";
import { parsePort } from "../../spec/port.ts";
import { parseEnvironmentPair } from "../../spec/values.ts";
import { parseMount, parseVolume } from "../../spec/volume.ts";
import { parseInsecureOptions } from "../insecure.ts";
import type { RequestedApp, RunRequest } from "./request.ts";

export interface ParsedRun {
  readonly request: RunRequest;
  readonly uuidFileSave?: string;
  readonly quiet: boolean;
  readonly warnings: readonly string[];
}

/** Reads the words behind `run` or `prepare`: options of the pod up to the first image, then of the image before them; `--` begins its arguments, `---` ends them. */
export function parseRunLine(command: "run" | "prepare", words: readonly string[]): ParsedRun {
  const flags = new Map<string, string[]>();
  const apps: { -readonly [Key in keyof RequestedApp]: RequestedApp[Key] }[] = [];
  const warnings: string[] = [];
  const pull = () => (flags.get("pull-policy")?.at(-1) ?? "new") as RequestedApp["pull"];
  for (let index = 0; index < words.length; index += 1) {
    const word = words[index] ?? "";
    const app = apps.at(-1);
    if (word === "--") {
      const end = words.indexOf("---", index);
      if (app === undefined) throw new RktError("usage", `Cannot ${command}: arguments stand before the first image`);
      app.args = words.slice(index + 1, end === -1 ? words.length : end);
      index = end === -1 ? words.length : end;
    } else if (word.startsWith("--")) {
      const [name = "", given] = word.slice(2).split(/=(.*)/s, 2);
      const takesValue = !["net", "private-net", "interactive", "private-users", "quiet", "no-overlay"].includes(name);
      const value = given ?? (takesValue ? words[(index += 1)] : "true") ?? "";
      if (app === undefined || !["name", "exec", "user", "group", "signature"].includes(name)) {
        const known = name === "private-net" ? "net" : name;
        if (known !== name) warnings.push(`--${name} is the old name of --${known}`);
        if (!knownFlags.includes(known)) throw new RktError("usage", `Cannot ${command}: there is no option ${quoteText(`--${name}`)}`);
        flags.set(known, [...(flags.get(known) ?? []), value]);
      } else app[name as "name" | "exec" | "user" | "group" | "signature"] = value;
    } else apps.push({ image: word, pull: pull() });
  }
  if (apps.length === 0) throw new RktError("usage", `Cannot ${command} without an image`, { hint: `See "rkt help ${command}"` });
  const all = (name: string): string[] => flags.get(name) ?? [];
  const uuidFileSave = all("uuid-file-save").at(-1);
  const request: RunRequest = {
    apps,
    pod: {
      net: all("net").flatMap((value) => (value === "true" ? ["default"] : value.split(","))),
      ports: all("port").map(parsePort),
      volumes: all("volume").map(parseVolume),
      mounts: all("mount").map(parseMount),
      privateUsers: all("private-users").at(-1) === "true",
      environment: all("set-env").map(parseEnvironmentPair),
      ...(flags.has("hostname") ? { hostname: all("hostname").at(-1) ?? "" } : {}),
    },
    interactive: all("interactive").at(-1) === "true",
    insecure: [...parseInsecureOptions(all("insecure-options").flatMap((value) => value.split(",")))],
  };
  return { request, quiet: flags.has("quiet"), warnings, ...(uuidFileSave === undefined ? {} : { uuidFileSave }) };
}

const knownFlags =
  "net port volume mount private-users set-env hostname interactive insecure-options uuid-file-save pull-policy quiet debug".split(" ");
