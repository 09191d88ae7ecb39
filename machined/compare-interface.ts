/**
 * What a live service lacks of an interface as we use it: one sentence each, empty when it fits. A service may have more
 * members; those that we use must have the same arguments.
 */
export function compareInterface(expectedXml: string, liveXml: string): string[] {
  const live = readMembers(liveXml);
  return [...readMembers(expectedXml)].flatMap(([member, types]) => {
    const found = live.get(member);
    if (found === undefined) return [`${member} is missing`];
    return found === types ? [] : [`${member} has arguments "${found}", not "${types}"`];
  });
}

/** `org.x.I method M` → "ss → o"; `… signal S` → " → so"; `… property P` → "s". */
function readMembers(xml: string): Map<string, string> {
  const members = new Map<string, string>();
  let face = "";
  let member = "";
  for (const [, name = "", attributes = ""] of xml.replace(/<!--.*?-->/gs, "").matchAll(/<([a-z]+)((?:\s+[\w.-]+="[^"]*")*)\s*\/?>/g)) {
    const read = (key: string): string => new RegExp(`\\s${key}="([^"]*)"`).exec(attributes)?.[1] ?? "";
    if (name === "interface") face = read("name");
    if (name === "method" || name === "signal" || name === "property") {
      member = `${face} ${name} ${read("name")}`;
      members.set(member, name === "property" ? read("type") : " → ");
    }
    if (name === "arg") members.set(member, addArgument(members.get(member) ?? "", read("type"), read("direction")));
  }
  return members;
}

/** Arguments of a signal have no direction and go out. */
function addArgument(types: string, type: string, direction: string): string {
  const [before = "", after = ""] = types.split(" → ");
  return direction === "in" ? `${before}${type} → ${after}` : `${before} → ${after}${type}`;
}
