/** Commands of the original that this release does not have, each with what to do instead. */
const ABSENT: Readonly<Record<string, string>> = {
  app: `Declare the pod's apps in a ".pod" file and use "rkt pod apply"`,
  "api-service": `Use "rkt list --format=json" and "rkt status --format=json"`,
  "metadata-service": "",
  install: "The package makes all directories",
  images: `Use "rkt image list"`,
  rmimage: `Use "rkt image rm"`,
};

/** undefined where the original had no such command; else a hint, which may be empty. */
export function findAbsent(path: readonly string[]): string | undefined {
  const name = path.join(" ");
  return Object.hasOwn(ABSENT, name) ? ABSENT[name] : undefined;
}
